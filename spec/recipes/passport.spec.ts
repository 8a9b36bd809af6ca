import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { cookieOf } from "../support/shop.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

const ALICE = { login: "alice", password: "secret" };
const BOB = { login: "bob", password: "secret" };

function post(url: string, cookie = "", body: object = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Cookie: cookie },
    body: JSON.stringify(body),
  });
}

async function signIn(url: string, account: object, cookie = ""): Promise<string> {
  const response = await post(`${url}/login`, cookie, account);
  expect(response.status).toBe(204);
  return cookieOf(response.headers.getSetCookie());
}

describe("the recipe for passport", () => {
  const recipe = runRecipe("passport");

  it("makes passport's user that of the stream, and ends it with the logout", async () => {
    const [alice, bob] = [await signIn(recipe.url, ALICE), await signIn(recipe.url, BOB)];
    const reader = await openStream(recipe.url, "/events", { cookie: alice });
    await reader.opened();

    await post(`${recipe.url}/hello`, bob);
    await post(`${recipe.url}/logout`, alice);
    await post(`${recipe.url}/hello`, bob);

    expect(await reader.closed).toBe("user");
    expect(reader.pending.map(({ data }) => data)).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
  });

  it("begins a new session at the login, so that one known before is worth nothing", async () => {
    const before = await signIn(recipe.url, BOB);
    const reader = await openStream(recipe.url, "/events", { cookie: before });
    await reader.opened();

    const after = await signIn(recipe.url, ALICE, before);

    expect(await reader.closed).toBe("user");
    const me = async (cookie: string) =>
      (await fetch(`${recipe.url}/me`, { headers: { Cookie: cookie } })).json();
    expect([await me(before), await me(after)]).toEqual([
      null,
      { login: "alice", profile: "Administrator" },
    ]);
  });

  describeInBrowser("its page", (windows) => {
    it("signs in and out, and hears what is meant for who one is", async () => {
      const bob = await signIn(recipe.url, BOB);
      const page = await windows.open(recipe.url);
      const isNow = (user: string) => page.locator("#me", { hasText: user }).waitFor();

      await page.click("text=Sign in");
      await isNow("alice, Administrator");
      await post(`${recipe.url}/hello`, bob);
      expect(await shownTexts(page, "li", 2)).toEqual(["hello administrators", "hello everybody"]);
      await page.click("#logout");
      await isNow("nobody");
      await post(`${recipe.url}/hello`, bob);

      expect(await shownTexts(page, "li", 3)).toEqual([
        "hello administrators",
        "hello everybody",
        "hello everybody",
      ]);
    });
  });

  // Last: alice is no administrator any more.
  it("has a demoted user come back as who it is now", async () => {
    const cookie = await signIn(recipe.url, ALICE);
    const reader = await openStream(recipe.url, "/events", { cookie });
    await reader.opened();

    await post(`${recipe.url}/demote/alice`, cookie);
    await post(`${recipe.url}/hello`, cookie);

    expect(await reader.closed).toBe("refresh");
    const { lastEventId } = reader;
    const again = await openStream(recipe.url, "/events", { cookie, lastEventId });
    expect(await again.nextData()).toEqual(["hello everybody"]);
    again.close();
  });
});
