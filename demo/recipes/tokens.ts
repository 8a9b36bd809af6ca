// The answer of a language model, which survives a reload. Start node --import tsx demo/recipes/tokens.ts
// and open http://localhost:3000.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const TOKEN_MS = Number(process.env.TOKEN_MS ?? 30);

const app = express();
const hub = createHub();
hub.on("error", ({ cause }) => {
  console.error(cause);
});
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/tokens` }));
app.use(express.json());

// Tokens cost money: in your application, put requireUser() and a limit before this handler.
app.post("/answers", (req, res) => {
  const id = randomUUID();
  const { question } = req.body as { question: string };
  // Nobody can guess the id. With logins, name the user instead: for: { id: req.sse.user.id }.
  hub.run(id, ({ signal }) => askModel(question, signal), { event: "token", for: "everybody" });
  res.location(`/answers/${id}`);
  void req.sse.follow(id);
});

// A page that was reloaded, or lost its connection, or another tab: from the first token, or behind its last.
app.get("/answers/:id", (req) => void req.sse.follow(req.params.id));

// The run goes on when its readers leave. A button ends it, on any node.
app.delete("/answers/:id", async (req, res) => {
  await hub.cancel(req.params.id);
  res.sendStatus(204);
});

/** Stands in for a model. Yours is the stream of its client, which takes the same signal. */
async function* askModel(question: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    await wait(question.includes("hard") ? 60_000 : 100, undefined, { signal });
    yield* `You asked: ${question} I have no idea, but I can count. `.split(/(?<= )/);
    if (question.includes("fail")) throw new Error("The model is overloaded.");
    for (let n = 1; n <= 100; n += 1) {
      await wait(TOKEN_MS, undefined, { signal });
      yield `${n} `;
    }
  } finally {
    console.log(`The model has stopped: ${question}`);
  }
}

app.listen(process.env.PORT ?? 3000);
