import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

const TAKES_GZIP = { "Accept-Encoding": "gzip, br" };

describe("the recipe for compression", () => {
  const recipe = runRecipe("compression");

  it("brings each event at once to a browser that takes gzip", async () => {
    const reader = await openStream(recipe.url, "/events", { headers: TAKES_GZIP });
    await reader.opened();

    for (const id of [101, 102]) {
      await fetch(`${recipe.url}/orders`, { method: "POST" });
      expect(await reader.nextData()).toEqual([
        JSON.stringify({ id, what: `order ${id}`, total: id * 10 }),
      ]);
    }
    reader.close();

    expect(reader.headers["content-encoding"]).toBeUndefined();
  });

  it("zips other answers as before", async () => {
    const response = await fetch(`${recipe.url}/orders`, { headers: TAKES_GZIP });

    expect(response.headers.get("content-encoding")).toMatch(/^(gzip|br)$/);
    expect((await response.json()) as unknown[]).toContainEqual({
      id: 100,
      what: "order 100",
      total: 1000,
    });
  });
});
