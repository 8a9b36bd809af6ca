// The tokens of a language model. Start node --import tsx demo/recipes/tokens.ts and open
// http://localhost:3000.
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const app = express();
const hub = createHub();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/tokens` }));

// Tokens cost money: in your application, put requireUser() and a limit before this handler.
app.get("/answer", async (req) => {
  const connection = req.sse.open();
  const question = req.query.question as string;
  let failure: string | undefined;

  // If the source threw, the stream would end, the browser would ask again, and the model would restart.
  async function* tokens() {
    try {
      // The signal stops the model as soon as the browser leaves, even before the next token.
      yield* askModel(question, connection.signal);
    } catch (error) {
      if (!connection.signal.aborted) console.error(error);
      failure = "The model has failed. Ask again.";
    }
  }

  await connection.stream(tokens(), "token");
  // stream() waits for a slow browser; send() would skip what cannot be written at once.
  if (failure !== undefined) await connection.stream([failure], "failed");
  // Finished: EventSource does not reconnect and ask the same again.
  connection.end();
});

/** Stands in for a model. Yours is the stream of its client, which takes the same signal. */
async function* askModel(question: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    await wait(question.includes("hard") ? 60_000 : 100, undefined, { signal });
    yield* `You asked: ${question} I have no idea, but I can count. `.split(/(?<= )/);
    if (question.includes("fail")) throw new Error("The model is overloaded.");
    for (let n = 1; n <= 100; n += 1) {
      await wait(30, undefined, { signal });
      yield `${n} `;
    }
  } finally {
    console.log(`The model has stopped: ${question}`);
  }
}

hub.closeWith(app.listen(process.env.PORT ?? 3000));
