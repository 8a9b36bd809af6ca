import { describeInBrowser } from "../support/browser.js";
import { runRecipe } from "./run-recipe.js";

const CHANGES = 60;
const PAGES = 4;

function change(url: string, item: string): Promise<Response> {
  return fetch(`${url}/stock/${item}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ by: 1 }),
  });
}

describeInBrowser("the recipe for a state and its changes", (windows) => {
  const recipe = runRecipe("first-state");

  it("has pages that come amid changes show all of them, each once", async () => {
    const first = await windows.open(recipe.url);
    const changing = (async () => {
      for (let n = 0; n < CHANGES; n += 1)
        await change(recipe.url, ["apples", "pears"][n % 2] as string);
    })();
    const others = Array.from({ length: PAGES - 1 }, () => windows.openBeside(first, recipe.url));
    const pages = [first, ...(await Promise.all(others))];
    await changing;

    const shown = await Promise.all(
      pages.map(async (page) => {
        await page.locator("#version", { hasText: String(CHANGES) }).waitFor();
        return page.locator("tr td:not(:last-child)").allTextContents();
      }),
    );

    expect(shown).toEqual(Array(PAGES).fill(["apples", "40", "pears", "40", "plums", "10"]));
  });
});
