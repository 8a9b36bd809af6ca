import { openStream } from "../support/open-stream.js";
import { describeWithPostgres } from "../support/postgres.js";
import { runRecipe } from "./run-recipe.js";

describeWithPostgres("the recipe for an order that is placed", (serverOf) => {
  const recipe = runRecipe("order-placed", () => ({ DATABASE_URL: serverOf().url }));
  const order = (item: string) => fetch(`${recipe.url}/orders/${item}`, { method: "POST" });

  it("sends what was ordered, and nothing of what was rolled back", async () => {
    const reader = await openStream(recipe.url, "/events");
    await reader.opened();
    expect((await order("tea")).status).toBe(201);
    expect((await order("nothing")).status).toBe(500);
    expect((await order("milk")).status).toBe(201);
    const data = [await reader.next(), await reader.next()].map((event) => event.data);
    reader.close();
    expect(data.map((text) => (JSON.parse(text) as { item: string }).item)).toEqual([
      "tea",
      "milk",
    ]);
    const rows = await (await fetch(`${recipe.url}/orders`)).json();
    expect(rows).toEqual([{ item: "tea" }, { item: "milk" }]);
  });
});
