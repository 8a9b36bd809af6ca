import { visit, type Visitor } from "express-sse-hub/testing";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { dataUntil, done, endOf } from "./login-recipe.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

describe("the recipe for better-auth", () => {
  const recipe = runRecipe("better-auth");
  const password = "secret-secret";

  async function post(visitor: Visitor, path: string, body: object = {}): Promise<unknown> {
    const answer = await visitor.post(`/api/auth${path}`, body);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  // better-auth takes requests with cookies from pages of its own origin only.
  async function visitAs(name: string, how: "sign-in" | "sign-up"): Promise<Visitor> {
    const headers = { Origin: recipe.url };
    const visitor = await visit(recipe.url, { headers, timeoutMs: 10_000 });
    onTestEnd(() => visitor.close());
    await post(visitor, `/${how}/email`, { name, email: `${name}@example.com`, password });
    return visitor;
  }

  beforeAll(async () => {
    for (const name of ["alice", "bob"]) {
      const body = JSON.stringify({ name, email: `${name}@example.com`, password });
      const headers = { "Content-Type": "application/json" };
      const url = `${recipe.url}/api/auth/sign-up/email`;
      const { status } = await fetch(url, { method: "POST", headers, body });
      if (status !== 200) throw new Error(`The sign-up was answered ${status}.`);
    }
  });

  it("ends the streams with the sign-out, and tells them nothing after it", async () => {
    const [alice, device, bob] = [
      await visitAs("alice", "sign-in"),
      await visitAs("alice", "sign-in"),
      await visitAs("bob", "sign-in"),
    ];
    const [stream, other] = [await alice.stream("/events"), await device.stream("/events")];

    await done(bob.post("/hello"));
    expect(await dataUntil(stream, "hello everybody")).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
    await post(alice, "/sign-out");
    await done(bob.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect((await alice.post("/hello")).status).toBe(401);
    await dataUntil(other, "hello everybody");
    expect(await dataUntil(other, "hello everybody")).toHaveLength(2);
  });

  it("ends the streams of who signs in as somebody else", async () => {
    const visitor = await visitAs("alice", "sign-in");
    const stream = await visitor.stream("/events");

    await post(visitor, "/sign-in/email", { email: "bob@example.com", password });
    await done(visitor.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
  });

  it("ends the streams of sessions that are revoked on another device, and no others", async () => {
    const [here, there] = [await visitAs("alice", "sign-in"), await visitAs("alice", "sign-in")];
    const [kept, ends] = [await here.stream("/events"), await there.stream("/events")];

    await post(here, "/revoke-other-sessions");

    expect((await endOf(ends))[0]).toBe("user");
    await done(here.post("/hello"));
    expect(await dataUntil(kept, "hello everybody")).toHaveLength(2);
    expect(kept.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
  });

  it("ends the streams of who is banned, or has another role", async () => {
    const [alice, carol] = [await visitAs("alice", "sign-in"), await visitAs("carol", "sign-up")];
    const stream = await carol.stream("/events");
    const { user } = (await (await carol.fetch("/api/auth/get-session")).json()) as {
      user: { id: string };
    };

    await post(alice, "/admin/set-role", { userId: user.id, role: "admin" });
    expect((await endOf(stream))[0]).toBe("refresh");
    const again = await stream.return();
    await done(alice.post("/hello"));
    expect(await dataUntil(again, "hello everybody")).toHaveLength(2);
    await post(alice, "/admin/ban-user", { userId: user.id });

    expect(await endOf(again)).toEqual(["refresh", []]);
    expect((await carol.post("/hello")).status).toBe(401);
  });

  describeInBrowser("its page", (windows) => {
    it("signs in and out, and hears what is meant for who one is", async () => {
      const bob = await visitAs("bob", "sign-in");
      const page = await windows.open(recipe.url);
      const isNow = (user: string) => page.locator("#me", { hasText: user }).waitFor();

      await page.click("text=Sign in");
      await isNow("alice@example.com");
      await done(bob.post("/hello"));
      expect(await shownTexts(page, "li", 2)).toEqual(["hello administrators", "hello everybody"]);
      await page.click("#logout");
      await isNow("nobody");
      await done(bob.post("/hello"));

      expect((await shownTexts(page, "li", 3)).slice(2)).toEqual(["hello everybody"]);
    });
  });
});
