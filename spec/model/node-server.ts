// A node of the application as the model of several nodes runs it: sessions in one Redis, the log in
// another. Prints a line when it listens. `POST /begin` makes the application anew, with another log.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { json } from "node:stream/consumers";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createHub, sse, type Broadcaster, type Hub } from "express-sse-hub";
import { postgresLog } from "express-sse-hub/postgres";
import { redisLog, type RedisLogOptions } from "express-sse-hub/redis";
import { Cluster } from "ioredis";
import { Pool } from "pg";
import { createClient, createCluster } from "redis";
import type { Draft } from "./ledger.js";
import type { LogAddress } from "./model-log.js";
import type { NodeSettings } from "./node-process.js";
import { runTransaction } from "./transaction.js";

const { PORT, STORE_URL = "", SETTINGS = "" } = process.env;
const client = createClient({ url: STORE_URL });
client.on("error", () => undefined);
await client.connect();
const store = new RedisStore({ client });

function createApplication({ log, maxEvents }: NodeSettings) {
  const hub = createHub({
    log:
      "connectionString" in log
        ? postgresLog({ ...log, maxEvents })
        : redisLog({ ...reach(log), maxEvents }),
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
  addSending(app, hub);
  if ("connectionString" in log) addTransactions(app, hub, log.connectionString);
  app.use(session({ secret: "spec", resave: false, saveUninitialized: false, store }));
  app.use(sse({ hub }));
  addSessions(app, () => untold);
  app.get("/model", (req, res) => {
    const rooms = (req.query.rooms as string).split(",").filter((room) => room !== "");
    res.set("X-User", JSON.stringify(req.sse.user ?? null));
    req.sse.join(...rooms);
  });
  return { app: app as RequestListener, hub };
}

// A client of the application's, which lives as long as its process.
function reach(
  log: Exclude<LogAddress, { readonly connectionString: string }>,
): Pick<RedisLogOptions, "url" | "client"> {
  if ("url" in log) return log;
  const nodes = log.ports.map((port) => ({ host: "127.0.0.1", port }));
  if (log.library === "ioredis") return { client: new Cluster(nodes).on("error", () => undefined) };
  const cluster = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) });
  cluster.on("error", () => undefined);
  // Where it fails, the log finds the cluster by itself.
  cluster.connect().catch(() => undefined);
  return { client: cluster };
}

function addSending(app: express.Express, hub: Hub): void {
  app.post("/broadcast", async (req, res) => {
    const drafts = req.body as Draft[];
    const sent = await Promise.allSettled(
      drafts.map((draft) => send(broadcasterFor(hub, draft), draft)),
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
}

// All of it in one transaction, which is committed or rolled back.
function addTransactions(app: express.Express, hub: Hub, connectionString: string): void {
  const pool = new Pool({ connectionString, idleTimeoutMillis: 1_000 });
  pool
    .on("error", () => undefined)
    .on("connect", (client) => {
      client.on("error", () => undefined);
    });
  for (const end of ["COMMIT", "ROLLBACK"] as const) {
    app.post(`/${end.toLowerCase()}`, async (req, res) => {
      const drafts = req.body as Draft[];
      await runTransaction(pool, end, async (client) => {
        for (const draft of drafts) await send(broadcasterFor(hub.within(client), draft), draft);
      });
      // Their ids are told to nobody.
      res.json(drafts.map(() => null));
    });
  }
}

function send(to: AnyBroadcaster, { n, size, profile }: Draft): Promise<unknown> {
  const data = `${n} ${"x".repeat(size)}`;
  return profile === null
    ? to.broadcast("message", data)
    : to.broadcast("message", data, { profile });
}

function addSessions(app: express.Express, untold: () => number): void {
  app.post("/login", (req, res, next) => {
    req.session.regenerate((error) => {
      Object.assign(req.session, { user: req.body as object });
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.post("/become", (req, res, next) => {
    const before = untold();
    Object.assign(req.session, { user: req.body as object });
    req.session.save((error) => {
      res.set("X-Untold", String(untold() - before));
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.post("/logout", (req, res, next) => {
    const before = untold();
    req.session.destroy((error) => {
      res.set("X-Untold", String(untold() - before));
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
}

type AnyBroadcaster = Broadcaster<unknown>;

function broadcasterFor(
  hub: AnyBroadcaster,
  { rooms, except, key, isVolatile }: Draft,
): AnyBroadcaster {
  let to: AnyBroadcaster = rooms === null ? hub : hub.to(...(rooms as [string]));
  if (except !== null) to = to.except(except);
  if (key !== null) to = to.retain(key);
  return isVolatile ? to.volatile() : to;
}

let current = createApplication(JSON.parse(SETTINGS) as NodeSettings);
const server = createServer((req, res) => {
  if (req.url !== "/begin") {
    current.app(req, res);
    return;
  }
  void json(req).then(async (settings) => {
    await current.hub.close();
    current = createApplication(settings as NodeSettings);
    res.end();
  });
});
await once(server.listen(Number(PORT), "127.0.0.1"), "listening");
process.stdout.write("listens\n");
