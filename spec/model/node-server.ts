// A node of the application as the model of several nodes runs it: sessions in one Redis, the log in
// another. Prints a line when it listens. What it is asked to do, it does at once.
import { once } from "node:events";
import { createServer } from "node:http";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createHub, sse, type Broadcaster } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { createClient } from "redis";
import type { Draft } from "./ledger.js";

const { PORT, LOG_URL, STORE_URL = "", MAX_EVENTS } = process.env;
const client = createClient({ url: STORE_URL });
client.on("error", () => undefined);
await client.connect();
const hub = createHub({
  log: redisLog({ url: LOG_URL, maxEvents: Number(MAX_EVENTS) }),
  retryMs: [20, 80],
  heartbeatMs: 300,
  maxBufferedBytes: 16_384,
  revalidateMs: 3_000,
});
// Number of times the other nodes could not be told something at once.
let untold = 0;
hub.on("error", ({ code }) => {
  if (code === "ERR_SSE_CONTROL_UNSENT" || code === "ERR_SSE_LOG") untold += 1;
});

const app = express();
app.use(express.json());
app.post("/broadcast", async (req, res) => {
  const drafts = req.body as Draft[];
  const sent = await Promise.allSettled(
    drafts.map((draft) => {
      const data = `${draft.n} ${"x".repeat(draft.size)}`;
      const to = broadcasterFor(draft);
      return draft.profile === null
        ? to.broadcast("message", data)
        : to.broadcast("message", data, { profile: draft.profile });
    }),
  );
  res.json(sent.map((each) => (each.status === "fulfilled" ? each.value : null)));
});
app.post("/refresh", async (req, res) => {
  await hub.refresh(req.body as { login: string });
  res.sendStatus(204);
});
app.post("/disconnect", async (req, res) => {
  await hub.disconnect(req.body as { login: string });
  res.sendStatus(204);
});
app.use(
  session({
    secret: "spec",
    resave: false,
    saveUninitialized: false,
    store: new RedisStore({ client }),
  }),
);
app.use(sse({ hub }));
app.post("/login", (req, res, next) => {
  req.session.regenerate((error) => {
    Object.assign(req.session, { user: req.body as object });
    if (error) next(error);
    else res.sendStatus(204);
  });
});
app.post("/become", (req, res, next) => {
  const before = untold;
  Object.assign(req.session, { user: req.body as object });
  req.session.save((error) => {
    res.set("X-Untold", String(untold - before));
    if (error) next(error);
    else res.sendStatus(204);
  });
});
app.post("/logout", (req, res, next) => {
  const before = untold;
  req.session.destroy((error) => {
    res.set("X-Untold", String(untold - before));
    if (error) next(error);
    else res.sendStatus(204);
  });
});
app.get("/model", (req, res) => {
  const rooms = (req.query.rooms as string).split(",").filter((room) => room !== "");
  res.set("X-User", JSON.stringify(req.sse.user ?? null));
  req.sse.join(...rooms);
});

function broadcasterFor({ rooms, except, key, isVolatile }: Draft): Broadcaster {
  let to: Broadcaster = rooms === null ? hub : hub.to(...(rooms as [string]));
  if (except !== null) to = to.except(except);
  if (key !== null) to = to.retain(key);
  return isVolatile ? to.volatile() : to;
}

const server = createServer(app);
await once(server.listen(Number(PORT), "127.0.0.1"), "listening");
process.stdout.write("listens\n");
