import { visit, type Visitor } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";
import { freePort } from "../support/free-port.js";
import { IdentityProvider } from "./provider-process.js";
import { dataUntil, done, endOf, visitRecipe } from "./login-recipe.js";
import { runRecipe, type Recipe } from "./run-recipe.js";

/** Runs the recipe with a provider of its own, for the specs of the `describe` that calls this. */
function runBoth(environment: Readonly<Record<string, string>>) {
  const provider = new IdentityProvider();
  const recipe = runRecipe("openid-connect", async () => {
    provider.port = await freePort();
    return { ...environment, ISSUER: provider.url };
  });
  beforeAll(() => provider.start(recipe.url), 60_000);
  afterAll(() => {
    provider.stop();
  });
  return { provider, recipe };
}

/** Signs in at the provider as a browser does, from page to page. */
async function signInAt(
  provider: IdentityProvider,
  recipe: Recipe,
  name: string,
): Promise<Visitor> {
  const there = await visit(provider.url, { timeoutMs: 10_000 });
  onTestEnd(() => there.close());
  const visitor = await visitRecipe(recipe);
  let answer = await visitor.fetch("/login");
  let page = new URL("/login", recipe.url);
  for (let step = 0; step < 20; step += 1) {
    const location = answer.headers.get("Location");
    const isForm = location === null;
    if (!isForm) page = new URL(location, page);
    if (page.origin === recipe.url && page.pathname === "/") return visitor;
    const who = page.origin === recipe.url ? visitor : there;
    answer = isForm
      ? await there.post(page.href, await filledIn(answer, name))
      : await who.fetch(page.href);
  }
  throw new Error(`Nobody came back from ${page.href}: ${await answer.text()}`);
}

async function filledIn(form: Response, login: string): Promise<URLSearchParams> {
  const [, prompt] = /name="prompt" value="(\w+)"/.exec(await form.text()) ?? [];
  return new URLSearchParams({ prompt: String(prompt), login, password: "any" });
}

describe("the recipe for OpenID Connect", () => {
  const { provider, recipe } = runBoth({});

  it("ends the streams with the logout, and tells them nothing after it", async () => {
    const [alice, device, bob] = [
      await signInAt(provider, recipe, "alice"),
      await signInAt(provider, recipe, "alice"),
      await signInAt(provider, recipe, "bob"),
    ];
    const [stream, other] = [await alice.stream("/events"), await device.stream("/events")];

    await done(bob.post("/hello"));
    expect(await dataUntil(stream, "hello everybody")).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
    expect((await alice.fetch("/logout")).status).toBe(302);
    await done(bob.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect((await alice.post("/hello")).status).toBe(401);
    await dataUntil(other, "hello everybody");
    expect(await dataUntil(other, "hello everybody")).toHaveLength(2);
  });

  it("has streams go on although every response sets another cookie", async () => {
    const alice = await signInAt(provider, recipe, "alice");
    const stream = await alice.stream("/events");

    const cookies = new Set<string>();
    for (let count = 0; count < 5; count += 1) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => alice.fetch("/me")));
      for (const { headers } of answers) cookies.add(String(headers.getSetCookie()));
      await done(alice.post("/hello"));
      expect(await dataUntil(stream, "hello everybody")).toHaveLength(2);
    }
    expect(cookies.size).toBe(20);
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
    await alice.fetch("/logout");

    expect(await endOf(stream)).toEqual(["user", []]);
  });
});

describe("the recipe for OpenID Connect, with sessions that end soon", () => {
  const { provider, recipe } = runBoth({ IDLE_S: "6" });

  it("ends the streams with the session, unless a request has prolonged it", async () => {
    const alice = await signInAt(provider, recipe, "alice");
    const kept = await alice.stream("/events");
    const lasting = setInterval(() => void alice.fetch("/me"), 500);
    const bob = await signInAt(provider, recipe, "bob");
    const left = await bob.stream("/events");

    const [reason] = await endOf(left);
    await done(alice.post("/hello"));
    clearInterval(lasting);

    expect(reason).toBe("user");
    expect(await dataUntil(kept, "hello everybody")).toHaveLength(2);
    expect(kept.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
  });
});
