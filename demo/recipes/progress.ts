// The progress of a long job. Start node --import tsx demo/recipes/progress.ts, open
// http://localhost:3000 and reload the page.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse, type RunTools } from "express-sse-hub";

const KEEP_MS = 3_600_000;

const app = express();
const hub = createHub();
hub.on("error", ({ cause }) => {
  console.error(cause);
});
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/progress` }));

app.post("/jobs", (_req, res) => {
  const id = randomUUID();
  // Nobody can guess the id. With logins, name the user instead: for: { id: req.sse.user.id }.
  hub.run(id, readRows, { event: "progress", for: "everybody", keepMs: KEEP_MS });
  res.status(202).location(`/jobs/${id}/events`).json({ id });
});

// From the beginning for whoever comes later. A job that is unknown or forgotten is answered with 404: EventSource gives
// up, and the page sees that it is closed.
app.get("/jobs/:id/events", (req) => void req.sse.follow(req.params.id));

/** Stands in for what takes long: yours reads a large file, or asks a slow service. It may send up to 10 000 events. */
async function* readRows({ signal, send }: RunTools) {
  const total = 40;
  for (let done = 1; done <= total; done += 1) {
    await wait(50, undefined, { signal });
    yield { done, total };
  }
  send("outcome", { result: `${total} rows were read` });
}

app.listen(process.env.PORT ?? 3000);
