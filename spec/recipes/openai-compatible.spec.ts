import OpenAI from "openai";
import { runRecipe } from "./run-recipe.js";

const ANSWER = "You asked: Well? I can count: 1 2 3";

describe("the recipe for clients of OpenAI's API", () => {
  const recipe = runRecipe("openai-compatible");

  it("is read by a stock client, and again from its first token", async () => {
    const client = new OpenAI({ apiKey: "key", baseURL: `${recipe.url}/v1` });
    const { data, response } = await client.chat.completions
      .create({ model: "none", messages: [{ role: "user", content: "Well?" }], stream: true })
      .withResponse();
    let text = "";
    for await (const { choices } of data) text += choices[0]?.delta.content ?? "";
    expect(text).toBe(ANSWER);

    const url = new URL(String(response.headers.get("location")), recipe.url);
    const again = await fetch(url, { headers: { Authorization: "Bearer key" } });
    const lines = (await again.text()).split("\n").filter((line) => line.startsWith("data: {"));
    const deltas = lines.map((line) => JSON.parse(line.slice(6)) as OpenAI.ChatCompletionChunk);
    expect(deltas.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(ANSWER);
    const stranger = await fetch(url, { headers: { Authorization: "Bearer other" } });
    expect(stranger.status).toBe(404);
  });
});
