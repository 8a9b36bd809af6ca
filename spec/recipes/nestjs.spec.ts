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
});
