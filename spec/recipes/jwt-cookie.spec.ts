import { setTimeout as wait } from "node:timers/promises";
import { dataUntil, done, endOf, signIn, visitRecipe } from "./login-recipe.js";
import { runRecipe } from "./run-recipe.js";

describe("the recipe for a JWT in a cookie", () => {
  const recipe = runRecipe("jwt-cookie");

  it("ends the streams with the logout, and tells them nothing after it", async () => {
    const [alice, bob] = [await signIn(recipe, "alice"), await signIn(recipe, "bob")];
    const [stream, other] = [await alice.stream("/events"), await bob.stream("/events")];

    await done(bob.post("/hello"));
    expect(await dataUntil(stream, "hello everybody")).toEqual([
      "hello administrators",
      "hello everybody",
    ]);
    await done(alice.post("/logout"));
    await done(bob.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect((await alice.post("/hello")).status).toBe(401);
    expect(await dataUntil(other, "hello everybody")).toEqual(["hello everybody"]);
  });

  it("has streams go on over refreshed tokens, none of which can be used again", async () => {
    const alice = await signIn(recipe, "alice");
    const stream = await alice.stream("/events");

    for (let count = 0; count < 5; count += 1) {
      await done(alice.post("/refresh"));
      await done(alice.post("/hello"));
      expect(await dataUntil(stream, "hello everybody")).toHaveLength(2);
    }
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
    await done(alice.post("/logout"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect((await alice.post("/refresh")).status).toBe(401);
  });

  it("ends the streams of who signs in as somebody else", async () => {
    const visitor = await signIn(recipe, "alice");
    const stream = await visitor.stream("/events");

    await done(visitor.post("/login", { login: "bob", password: "secret" }));
    await done(visitor.post("/hello"));

    expect(await endOf(stream)).toEqual(["user", []]);
    expect(await (await visitor.fetch("/me")).json()).toMatchObject({ login: "bob" });
  });

  it("ends the streams of a login that is revoked", async () => {
    const [alice, bob] = [await signIn(recipe, "alice"), await signIn(recipe, "bob")];
    const stream = await bob.stream("/events");

    await done(alice.post("/revoke/bob"));

    expect((await endOf(stream))[0]).toBe("user");
    const again = await stream.return();
    await done(alice.post("/hello"));
    expect(await dataUntil(again, "hello everybody")).toHaveLength(1);
    const nobody = await visitRecipe(recipe);
    expect((await nobody.post("/revoke/alice")).status).toBe(401);
  });
});

describe("the recipe for a JWT in a cookie, with tokens that end soon", () => {
  const recipe = runRecipe("jwt-cookie", () => ({ LIFETIME_S: "6" }));

  it("ends the streams with the token, unless that was refreshed", async () => {
    const [alice, bob] = [await signIn(recipe, "alice"), await signIn(recipe, "bob")];
    const [kept, left] = [await alice.stream("/events"), await bob.stream("/events")];

    let isOver = false;
    // One after the other: a token that is used twice counts as stolen.
    const lasting = async () => {
      while (!isOver) {
        await done(alice.post("/refresh"));
        await wait(500);
      }
    };
    const refreshed = lasting();
    const [reason] = await endOf(left);
    await done(alice.post("/hello"));
    isOver = true;
    await refreshed;

    expect(reason).toBe("user");
    expect(await dataUntil(kept, "hello everybody")).toHaveLength(2);
    expect(kept.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
  });
});
