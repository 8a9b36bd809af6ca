import type { StreamEvent } from "express-sse-hub/testing";
import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

const OUTCOME = { result: "40 rows were read" };

async function startJob(url: string): Promise<string> {
  const response = await fetch(`${url}/jobs`, { method: "POST" });
  expect(response.status).toBe(202);
  return String(response.headers.get("location"));
}

describe("the recipe for a job's progress", () => {
  const recipe = runRecipe("progress");

  it("tells a page that comes back all it has missed, to the end", async () => {
    const path = await startJob(recipe.url);
    const before = await openStream(recipe.url, path);
    const events: StreamEvent[] = [];
    while (events.length < 5) events.push(await before.next());
    before.close();
    // It may have received more meanwhile.
    const lastEventId = events.at(-1)?.id;
    const seen = events.map(doneOf);

    const after = await openStream(recipe.url, path, { lastEventId });
    expect(await after.closed).toBe("done");

    const rest = after.pending.filter(({ event }) => event === "progress").map(doneOf);
    expect([...seen, ...rest]).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(after.pending.at(-1)).toMatchObject({ event: "outcome", data: JSON.stringify(OUTCOME) });
  });

  it("has a browser that has the result not ask again", async () => {
    const path = await startJob(recipe.url);
    const reader = await openStream(recipe.url, path);
    await reader.closed;

    const again = await openStream(recipe.url, path, { lastEventId: reader.lastEventId });

    expect(again.status).toBe(204);
  });

  it("gives who comes later all of it at once, and says 404 of what is no job", async () => {
    const path = await startJob(recipe.url);
    await (
      await openStream(recipe.url, path)
    ).closed;

    const later = await openStream(recipe.url, path);
    expect(await later.closed).toBe("done");

    expect(later.pending).toHaveLength(41);
    expect(later.pending.at(-1)).toMatchObject({ event: "outcome", data: JSON.stringify(OUTCOME) });
    expect((await openStream(recipe.url, "/jobs/1/events")).status).toBe(404);
  });

  describeInBrowser("its page", (windows) => {
    it("goes on where the job is after a reload, and shows the result", async () => {
      const page = await windows.open(recipe.url);
      await page.click("text=Start a job");
      await page.waitForFunction("progress.value >= 3");

      await page.reload();
      await page.waitForFunction("progress.value >= 3");
      await page.locator("#state", { hasText: OUTCOME.result }).waitFor();

      expect(await page.evaluate("[progress.value, progress.max]")).toEqual([40, 40]);
      const later = await windows.openBeside(page, page.url());
      await later.locator("#state", { hasText: OUTCOME.result }).waitFor();
      const stranger = await windows.openBeside(page, `${recipe.url}/#1`);
      await stranger.locator("#state", { hasText: "There is no such job any more." }).waitFor();
    });
  });
});

function doneOf({ data }: { data: string }): number {
  return (JSON.parse(data) as { done: number }).done;
}
