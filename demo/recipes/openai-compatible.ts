// An OpenAI-compatible endpoint whose answers survive: any client of that API reads it. Start
// node --import tsx demo/recipes/openai-compatible.ts and point a client at http://localhost:3000/v1.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import { createHub, sse } from "express-sse-hub";

interface Completion {
  readonly model: string;
  readonly messages: ReadonlyArray<{ readonly content: string }>;
}

const app = express();
const hub = createHub();
hub.on("error", ({ cause }) => {
  console.error(cause);
});
// Its users are programs with a key. In your application, check the key, and give it as the user.
app.use(
  sse({
    hub,
    user: (req) => ({ key: req.headers.authorization ?? "" }),
    credential: (req) => req.headers.authorization,
  }),
);
app.use(express.json());

app.post("/v1/chat/completions", (req, res) => {
  const completion = req.body as Completion;
  const id = `chatcmpl-${randomUUID()}`;
  const key = req.headers.authorization ?? "";
  hub.run(id, ({ signal }) => chunksOf(id, completion, signal), { for: { key } });
  res.location(`/v1/chat/completions/${id}`);
  void req.sse.follow(id, { raw: true });
});

// Not of that API: whoever lost the connection reads all of the answer here.
app.get("/v1/chat/completions/:id", (req) => void req.sse.follow(req.params.id, { raw: true }));

async function* chunksOf(id: string, { model, messages }: Completion, signal: AbortSignal) {
  const chunk = (delta: object, reason: string | null = null) => ({
    id,
    object: "chat.completion.chunk",
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  yield chunk({ role: "assistant", content: "" });
  for await (const content of askModel(messages.at(-1)?.content ?? "", signal))
    yield chunk({ content });
  yield chunk({}, "stop");
  yield "[DONE]";
}

/** Stands in for a model. */
async function* askModel(question: string, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of `You asked: ${question} I can count: 1 2 3`.split(/(?<= )/)) {
    await wait(20, undefined, { signal });
    yield word;
  }
}

app.listen(process.env.PORT ?? 3000);
