import express from "express";
import { describeInBrowser } from "../support/browser.js";
import { freePort } from "../support/free-port.js";
import { serve } from "../support/serve.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

describeInBrowser("the recipe for cors", (windows) => {
  let pageUrl = "";
  const recipe = runRecipe("cors", async () => {
    const port = String(await freePort());
    pageUrl = `http://localhost:${port}`;
    return { PAGE_PORT: port };
  });

  it("brings a page of another origin what is for its visitor", async () => {
    const [alice, bob] = [await windows.open(pageUrl), await windows.open(pageUrl)];
    await bob.fill("#login", "bob");

    for (const page of [alice, bob]) {
      await page.click("#signIn");
      await page.click("#hello");
    }

    expect([await shownTexts(alice, "li", 1), await shownTexts(bob, "li", 1)]).toEqual([
      ["hello alice"],
      ["hello bob"],
    ]);
  });

  it("lets no other page read the stream, though its visitor has signed in", async () => {
    const { server } = await serve(express());
    const stranger = `http://localhost:${(server.address() as { port: number }).port}`;
    const page = await windows.open(pageUrl);
    await page.click("#signIn");
    await page.click("#hello");

    const read = `new Promise((resolve) => {
      const stream = new EventSource("${recipe.url}/events", { withCredentials: true });
      stream.addEventListener("hub:open", () => resolve("open"));
      stream.onerror = () => resolve("refused");
    })`;
    const answers = [await page.evaluate(read)];
    const other = await windows.openBeside(page, stranger);
    answers.push(await other.evaluate(read));

    expect(answers).toEqual(["open", "refused"]);
  });
});
