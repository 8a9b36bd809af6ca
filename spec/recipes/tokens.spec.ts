import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

const COUNT = Array.from({ length: 100 }, (_, n) => `${n + 1} `).join("");

describe("the recipe for a model's tokens", () => {
  const recipe = runRecipe("tokens");

  it("stops the model when its reader leaves, even while it thinks", async () => {
    const reader = await openStream(recipe.url, "/answer?question=hard");
    await reader.opened();

    reader.close();

    await expect(recipe.prints("The model has stopped: hard")).resolves.toBeUndefined();
  });

  it("tells of a model that fails, and does not ask it again", async () => {
    const reader = await openStream(recipe.url, "/answer?question=fail");

    expect(await reader.closed).toBe("done");
    expect(reader.pending.at(-1)).toEqual({
      event: "failed",
      data: "The model has failed. Ask again.",
      id: undefined,
    });
    const { lastEventId } = reader;
    const again = await openStream(recipe.url, "/answer?question=fail", { lastEventId });
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

    it("stops the model with a button, and says when it fails", async () => {
      const page = await windows.open(recipe.url);
      await page.fill("#question", "Why?");
      await page.click("text=Ask");
      await page.locator("#answer", { hasText: "count. 1 2" }).waitFor();
      await page.click("text=Stop");
      await recipe.prints("The model has stopped: Why?");
      expect(await page.textContent("#state")).toBe("stopped");

      await page.fill("#question", "fail");
      await page.click("text=Ask");

      await page.locator("#state", { hasText: "The model has failed. Ask again." }).waitFor();
      expect(await page.textContent("#answer")).toBe(
        "You asked: fail I have no idea, but I can count. ",
      );
    });
  });
});
