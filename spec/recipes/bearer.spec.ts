import { visit, type Visitor } from "express-sse-hub/testing";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { dataUntil, done, endOf } from "./login-recipe.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

describe("the recipe for a token in a header", () => {
  const recipe = runRecipe("bearer");

  async function bearerOf(login: string): Promise<Visitor> {
    const answer = await fetch(`${recipe.url}/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ login, password: "secret" }),
    });
    const { token } = (await answer.json()) as { token: string };
    const headers = { Authorization: `Bearer ${token}` };
    const visitor = await visit(recipe.url, { headers, timeoutMs: 10_000 });
    onTestEnd(() => visitor.close());
    return visitor;
  }

  it("ends the streams with the logout, and those of other devices return", async () => {
    const [alice, device, bob] = [
      await bearerOf("alice"),
      await bearerOf("alice"),
      await bearerOf("bob"),
    ];
    const [stream, other] = [await alice.stream("/events"), await device.stream("/events")];

    await done(bob.post("/hello"));
    expect(await dataUntil(stream, "hello everybody")).toHaveLength(2);
    await done(alice.post("/logout"));
    await done(bob.post("/hello"));

    expect(await endOf(stream)).toEqual(["refresh", []]);
    await expect(stream.return()).rejects.toMatchObject({ status: 401 });
    const again = await other.return();
    expect(await dataUntil(again, "hello everybody")).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
  });

  it("ends the streams of a token that is revoked elsewhere", async () => {
    const [alice, device] = [await bearerOf("alice"), await bearerOf("alice")];
    const [stream, other] = [await alice.stream("/events"), await device.stream("/events")];

    await done(alice.post("/revoke"));

    expect((await endOf(stream))[0]).toBe("user");
    await done(device.post("/hello"));
    expect(await dataUntil(other, "hello everybody")).toHaveLength(2);
    expect(other.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
  });

  describeInBrowser("its page", (windows) => {
    it("sends the token, and stops when that is good no more", async () => {
      const page = await windows.open(recipe.url);
      const bob = await bearerOf("bob");
      const isNow = (state: string) => page.locator("#state", { hasText: state }).waitFor();

      await page.click("text=Sign in");
      await isNow("open");
      await done(bob.post("/hello"));
      expect(await shownTexts(page, "li", 2)).toEqual(["hello administrators", "hello everybody"]);
      await page.click("#logout");

      await expect(isNow("closed")).resolves.toBeUndefined();
    });
  });
});
