import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

describe("the recipe for helmet", () => {
  const recipe = runRecipe("helmet");

  it("has helmet's headers on the stream too", async () => {
    const reader = await openStream(recipe.url, "/events");
    await reader.opened();
    reader.close();

    expect([reader.headers["content-security-policy"], reader.headers["x-powered-by"]]).toEqual([
      expect.stringMatching(/^default-src 'self';.*script-src 'self';/),
      undefined,
    ]);
  });

  describeInBrowser("its page", (windows) => {
    it("is at work under the policy, stream and all, and does not break it", async () => {
      const page = await windows.open("about:blank");
      await page.addInitScript(`
        window.violations = [];
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
          violations.push(effectiveDirective));
      `);

      await page.goto(recipe.url);
      await page.click("#hello");

      expect(await shownTexts(page, "li", 1)).toEqual(["hello"]);
      expect(await page.evaluate("violations")).toEqual([]);
    });

    it("runs no code that is not its own, and lets no other server be asked", async () => {
      const page = await windows.open(recipe.url);

      const refusals = await page.evaluate(`new Promise((resolve) => {
        const refused = [];
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
          if (refused.push(effectiveDirective) === 2) resolve(refused.sort());
        });
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        new EventSource("http://127.0.0.1:${recipe.port}/events");
      })`);

      expect(refusals).toEqual(["connect-src", "script-src-elem"]);
      expect(await page.title()).toBe("express-sse-hub with helmet");
    });
  });
});
