// The AI SDK's useChat({ resume: true }): an answer survives a reload. Start node --import tsx demo/recipes/ai-sdk.ts.
// In the page: useChat({ id, resume: true, transport: new DefaultChatTransport({ api: "/api/chat" }) }).
import { setTimeout as wait } from "node:timers/promises";
import { createUIMessageStream, UI_MESSAGE_STREAM_HEADERS, type UIMessage } from "ai";
import express, { type Response } from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const WORD_MS = Number(process.env.WORD_MS ?? 50);

const app = express();
const hub = createHub();
hub.on("error", ({ cause }) => {
  console.error(cause);
});
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub }));
app.use(express.json());

// useChat's first request. The run has the id of the chat: there is one answer at a time.
app.post("/api/chat", (req, res) => {
  const { id, messages } = req.body as { id: string; messages: UIMessage[] };
  // With logins, name the user instead: for: { id: req.sse.user.id }.
  hub.run(id, ({ signal }) => chunksOf(messages, signal), { for: "everybody" });
  setHeaders(res);
  // raw: what the AI SDK reads has no events of the hub.
  void req.sse.follow(id, { raw: true });
});

// What it asks after a reload. 204 says that nothing is being answered; else it expects all from the first chunk.
app.get("/api/chat/:id/stream", async (req, res) => {
  const [run] = await hub.runs({ id: req.params.id, state: "running" });
  if (run === undefined) {
    res.sendStatus(204);
    return;
  }
  setHeaders(res);
  await req.sse.follow(run.id, { raw: true });
});

// A button to stop: the run goes on when the page leaves, so stop() of useChat is not enough.
app.delete("/api/chat/:id", async (req, res) => {
  await hub.cancel(req.params.id);
  res.sendStatus(204);
});

async function* chunksOf(messages: readonly UIMessage[], signal: AbortSignal) {
  yield* answer(messages, signal);
  yield "[DONE]";
}

/** Stands in for a model. Yours: streamText({ model, messages, abortSignal: signal }).toUIMessageStream(). */
function answer(messages: readonly UIMessage[], signal: AbortSignal) {
  return createUIMessageStream({
    execute: async ({ writer }) => {
      writer.write({ type: "text-start", id: "answer" });
      for (const word of [
        `You sent ${messages.length}. `,
        ..."I can count: 1 2 3 4 5".split(/(?<= )/),
      ]) {
        await wait(WORD_MS, undefined, { signal });
        writer.write({ type: "text-delta", id: "answer", delta: word });
      }
      writer.write({ type: "text-end", id: "answer" });
    },
  });
}

function setHeaders(res: Response): void {
  res.set({
    "x-vercel-ai-ui-message-stream": UI_MESSAGE_STREAM_HEADERS["x-vercel-ai-ui-message-stream"],
  });
}

app.listen(process.env.PORT ?? 3000);
