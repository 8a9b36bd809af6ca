// Several processes on one machine. Start redis-server, then node --import tsx demo/recipes/cluster.ts.
// Run curl -N localhost:3000/events in two windows, and curl -X POST localhost:3000/hello in a third.
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { createClient } from "redis";

const SECRET = "change me";

if (cluster.isPrimary) startWorkers();
else await serve();

function startWorkers(): void {
  for (let n = 0; n < Math.max(2, availableParallelism()); n += 1) cluster.fork();
  // A worker that fails is replaced. Its browsers reconnect to another.
  cluster.on("exit", () => cluster.fork());
  process.once("SIGTERM", () => {
    cluster.removeAllListeners("exit");
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  });
}

/** What each worker does: the same as on a machine of its own. */
async function serve(): Promise<void> {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const client = createClient({ url }).on("error", console.error);
  await client.connect();
  const store = new RedisStore({ client }); // sessions
  const hub = createHub({ log: redisLog({ client, secret: SECRET }) }); // events
  hub.on("error", console.error);

  const app = express();
  app.use((_req, res, next) => {
    res.set("Worker", String(process.pid)); // shows which worker answers; not needed
    next();
  });
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }));
  app.use(sse({ hub }));
  app.use(express.json());
  app.post("/login", (req, res, next) => {
    const { login } = req.body as { login: string }; // yours also checks a password
    req.session.regenerate((error) => {
      Object.assign(req.session, { user: { login } });
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.post("/logout", (req, res, next) => {
    req.session.destroy((error) => {
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.get("/events", (req) => void req.sse.join());
  app.post("/hello", async (_req, res) => {
    res.json({ id: await hub.broadcast("message", "hello"), readers: await hub.count() });
  });

  hub.closeWith(app.listen(process.env.PORT ?? 3000));
}
