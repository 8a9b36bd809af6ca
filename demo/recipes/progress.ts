// The progress of a long job. Start node --import tsx demo/recipes/progress.ts, open
// http://localhost:3000 and reload the page.
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const KEEP_MS = 3_600_000;

/** Outlives the requests that ask for it. It emits "change". */
class Job extends EventEmitter {
  readonly id = randomUUID();
  readonly total = 40;
  done = 0;
  outcome: { result: string } | { error: string } | undefined;

  /** Stands in for what takes long: yours reads a large file, or asks a slow service. */
  async run(): Promise<void> {
    for (; this.done < this.total; this.emit("change")) {
      await wait(50);
      this.done += 1;
    }
    this.outcome = { result: `${this.total} rows were read` };
  }
}

/** What a job has come to, now and at each change. Who is slow is told the newest, not all between. */
async function* progressOf(job: Job, signal: AbortSignal) {
  for (let told = -1; told < job.done || job.outcome === undefined;) {
    if (told === job.done) await once(job, "change", { signal });
    else yield { done: (told = job.done), total: job.total };
  }
}

const jobs = new Map<string, Job>();
const app = express();
const hub = createHub();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/progress` }));

app.post("/jobs", (_req, res) => {
  const job = new Job();
  jobs.set(job.id, job);
  job
    .run()
    .catch((error: unknown) => {
      job.outcome = { error: String(error) };
    })
    .finally(() => {
      job.emit("change");
      setTimeout(() => jobs.delete(job.id), KEEP_MS).unref();
    });
  res.status(202).location(`/jobs/${job.id}/events`).json({ id: job.id });
});

// Nobody can guess the id. If that is not enough, store the user who started the job, and compare.
app.get("/jobs/:id/events", async (req, res) => {
  const job = jobs.get(req.params.id);
  // EventSource gives up after this status, and the page sees that it is closed.
  if (job === undefined) {
    res.sendStatus(404);
    return;
  }
  const connection = req.sse.open();
  await connection.stream(progressOf(job, connection.signal), "progress");
  await connection.stream([job.outcome], "outcome");
  connection.end();
});

hub.closeWith(app.listen(process.env.PORT ?? 3000));
