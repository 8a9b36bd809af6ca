import { DefaultChatTransport, readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import { runRecipe } from "./run-recipe.js";

const ANSWER = "You sent 1. I can count: 1 2 3 4 5";
const QUESTION: UIMessage = { id: "1", role: "user", parts: [{ type: "text", text: "Well?" }] };

describe("the recipe for the AI SDK", () => {
  const recipe = runRecipe("ai-sdk", () => ({ WORD_MS: "400" }));
  const transport = () => new DefaultChatTransport({ api: `${recipe.url}/api/chat` });
  const ask = (chatId: string, abortSignal?: AbortSignal) =>
    transport().sendMessages({
      chatId,
      messages: [QUESTION],
      abortSignal,
      trigger: "submit-message",
      messageId: undefined,
    });

  it("answers as its client expects", async () => {
    expect(await textOf(await ask("one"))).toBe(ANSWER);
  });

  it("gives a page that was reloaded all of the answer, and says when there is none", async () => {
    const leave = new AbortController();
    const reader = (await ask("two", leave.signal)).getReader();
    while ((await reader.read()).value?.type !== "text-delta");
    leave.abort();
    await reader.cancel().catch(() => undefined);

    const resumed = await transport().reconnectToStream({ chatId: "two" });
    expect(await textOf(resumed as ReadableStream<UIMessageChunk>)).toBe(ANSWER);
    expect(await transport().reconnectToStream({ chatId: "two" })).toBeNull();
    expect(await transport().reconnectToStream({ chatId: "none" })).toBeNull();
  });
});

async function textOf(stream: ReadableStream<UIMessageChunk>): Promise<string> {
  let last: UIMessage | undefined;
  for await (const message of readUIMessageStream({ stream })) last = message;
  return (last?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}
