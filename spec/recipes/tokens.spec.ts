import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

const COUNT = Array.from({ length: 100 }, (_, n) => `${n + 1} `).join("");

describe("the recipe for a model's tokens", () => {
  const recipe = runRecipe("tokens");

  async function ask(question: string) {
    const response = await fetch(`${recipe.url}/answers`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question }),
    });
    await response.body?.cancel();
    const url = new URL(String(response.headers.get("location")), recipe.url);
    return { url, reader: await openStream(recipe.url, url.pathname) };
  }

  it("stops the model when it is told to, even while it thinks", async () => {
    const { url, reader } = await ask("hard");
    reader.close();
    await fetch(url, { method: "DELETE" });

    await expect(recipe.prints("The model has stopped: hard")).resolves.toBeUndefined();
    const later = await openStream(recipe.url, url.pathname);
    expect(await later.closed).toBe("cancelled");
  });

  it("tells of a model that fails, and does not ask it again", async () => {
    const { url, reader } = await ask("fail");

    expect(await reader.closed).toBe("failed");
    expect(reader.raw).not.toContain("overloaded");
    const { lastEventId } = reader;
    const again = await openStream(recipe.url, url.pathname, { lastEventId });
    expect(again.status).toBe(204);
  });

  describeInBrowser("its page", (windows) => {
    it("shows the whole answer, once", async () => {
      const page = await windows.open(recipe.url);
      await page.click("text=Ask");

      await page.locator("#state", { hasText: "done" }).waitFor();

      expect(await page.textContent("#answer")).toBe(
        `You asked: What is it like? I have no idea, but I can count. ${COUNT}`,
      );
    });

    it("goes on with the answer after a reload, and in a second tab", async () => {
      const page = await windows.open(recipe.url);
      await page.click("text=Ask");
      await page.locator("#answer", { hasText: "count. 1 2" }).waitFor();

      await page.reload();
      const second = await windows.openBeside(page, page.url());
      for (const one of [page, second]) {
        await one.locator("#state", { hasText: "done" }).waitFor();
        expect(await one.textContent("#answer")).toBe(
          `You asked: What is it like? I have no idea, but I can count. ${COUNT}`,
        );
      }
      const stranger = await windows.open(`${recipe.url}/#/answers/1`);
      await stranger.locator("#state", { hasText: "There is no such answer any more." }).waitFor();
    });
  });
});

describe("the recipe for a model's tokens, with a slow model", () => {
  const recipe = runRecipe("tokens", () => ({ TOKEN_MS: "150" }));

  describeInBrowser("its page", (windows) => {
    it("stops the model with a button, and says when it fails", async () => {
      const page = await windows.open(recipe.url);
      await page.fill("#question", "Why?");
      await page.click("text=Ask");
      await page.locator("#answer", { hasText: "count. 1 2" }).waitFor();
      await page.click("text=Stop");
      await recipe.prints("The model has stopped: Why?");
      await page.locator("#state", { hasText: "stopped" }).waitFor();

      await page.fill("#question", "fail");
      await page.click("text=Ask");

      await page.locator("#state", { hasText: "The model has failed. Ask again." }).waitFor();
      expect(await page.textContent("#answer")).toBe(
        "You asked: fail I have no idea, but I can count. ",
      );
    });
  });
});
