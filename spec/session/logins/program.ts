// Runs the trials of one login, as a process of its own: some of the libraries are ES modules only. Says what
// went wrong in each kind of trial as a line of JSON. Arguments: the login, trials of each kind, nodes, and the
// Redis that their log is in.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { createHub } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { runLoginTrials, trialsOf } from "../login-trials.js";
import { aWhile } from "./delays.js";
import { LOGINS } from "./index.js";
import type { Login, LoginNode } from "./login.js";

const [name = "", count = "", nodes = "1", redisUrl] = process.argv.slice(2);

async function openNode(login: Login, log: string): Promise<LoginNode> {
  const shared = redisUrl === undefined ? {} : { log: redisLog({ url: redisUrl, name: log }) };
  const hub = createHub({ maxBufferedBytes: 1_024, revalidateMs: 500, ...shared });
  hub.on("error", (error) => {
    console.error(error);
  });
  const app = express();
  app.use((_req, _res, next) => void aWhile().then(next));
  login.mount(app, hub);
  app.get("/events", (req) => void req.sse.join());
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  await hub.count();
  return { hub, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

async function run(kind: string, open: () => Promise<Login>): Promise<string[]> {
  const [login, log] = [await open(), randomUUID()];
  const all = Array.from({ length: Number(nodes) }, () => openNode(login, log));
  const site = { login, nodes: await Promise.all(all) };
  const wrong = await runLoginTrials(kind, site, Number(count));
  await Promise.all(site.nodes.map(({ hub }) => hub.close()));
  return wrong;
}

const open = LOGINS[name];
if (open === undefined) throw new Error(`There is no login ${name}.`);
for (const kind of trialsOf(await open())) {
  const begun = Date.now();
  const wrong = await run(kind, open).catch((error: unknown) => [String(error)]);
  console.log(JSON.stringify({ kind, wrong, ms: Date.now() - begun }));
}
process.exit();
