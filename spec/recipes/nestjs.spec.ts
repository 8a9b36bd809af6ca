import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

describe("the recipe for NestJS", () => {
  const recipe = runRecipe("nestjs");

  it("brings what a service broadcasts to a stream that a controller has joined", async () => {
    const reader = await openStream(recipe.url, "/events");
    await reader.opened();
    for (const id of [1, 2]) {
      const answer = await fetch(`${recipe.url}/orders`, { method: "POST" });
      expect([answer.status, await answer.json()]).toEqual([201, { id }]);
      expect(await reader.nextData()).toEqual([JSON.stringify({ id })]);
    }
    reader.close();
  });

  it("guards a stream: 401 without a user, events with one", async () => {
    const refused = await fetch(`${recipe.url}/user/events`);
    expect(refused.status).toBe(401);
    await refused.text();

    const login = await fetch(`${recipe.url}/login`, { method: "POST" });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const reader = await openStream(recipe.url, "/user/events", { headers: { cookie } });
    await reader.opened();
    const order = await (await fetch(`${recipe.url}/orders`, { method: "POST" })).json();
    expect(await reader.nextData()).toEqual([JSON.stringify(order)]);
    reader.close();
  });
});
