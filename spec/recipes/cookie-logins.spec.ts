import { dataUntil, done, endOf, signIn } from "./login-recipe.js";
import { runRecipe } from "./run-recipe.js";

// Both keep the whole session in a cookie.
describe.each(["cookie-session", "iron-session"])("the recipe for %s", (name) => {
  const recipe = runRecipe(name);

  it("ends the streams with the logout, and tells them nothing after it", async () => {
    const [alice, device, bob] = [
      await signIn(recipe, "alice"),
      await signIn(recipe, "alice"),
      await signIn(recipe, "bob"),
    ];
    const [stream, other] = [await alice.stream("/events"), await device.stream("/events")];

    await done(bob.post("/hello"));
    expect(await dataUntil(stream, "hello everybody")).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
    await done(alice.post("/logout"));
    await done(bob.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect((await alice.post("/hello")).status).toBe(401);
    await dataUntil(other, "hello everybody");
    expect(await dataUntil(other, "hello everybody")).toHaveLength(2);
  });

  it("has streams go on over requests that leave the user as it is", async () => {
    const alice = await signIn(recipe, "alice");
    const stream = await alice.stream("/events");

    for (let count = 0; count < 5; count += 1) {
      await Promise.all([1, 2, 3].map(() => done(alice.post("/count"))));
      await done(alice.post("/hello"));
      expect(await dataUntil(stream, "hello everybody")).toHaveLength(2);
    }
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
    await done(alice.post("/logout"));

    expect(await endOf(stream)).toEqual(["user", []]);
  });

  it("ends the streams of who signs in as somebody else", async () => {
    const visitor = await signIn(recipe, "alice");
    const stream = await visitor.stream("/events");

    await done(visitor.post("/login", { login: "bob", password: "secret" }));
    await done(visitor.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect(await (await visitor.fetch("/me")).json()).toMatchObject({ login: "bob" });
  });

  // Last: alice is no administrator any more.
  it("has a demoted user come back as who it is now", async () => {
    const alice = await signIn(recipe, "alice");
    const stream = await alice.stream("/events");

    await done(alice.post("/demote/alice"));
    await done(alice.post("/hello"));

    expect((await endOf(stream))[0]).toBe("refresh");
    expect(await dataUntil(await stream.return(), "hello everybody")).toEqual(["hello everybody"]);
  });
});
