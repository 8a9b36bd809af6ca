// An application that sets no cookie, with `credential` or without, which tells its CPU time: see measure.mjs.
import { once } from "node:events";
import express from "express";

const [entry, kind] = process.argv.slice(2);
const { createHub, sse } = await import(entry);

const app = express();
const user = () => ({ id: 1 });
if (kind === "with") app.use(sse({ hub: createHub(), user, credential: "token" }));
if (kind === "without") app.use(sse({ hub: createHub(), user, credential: null }));
app.get("/me", (_req, res) => {
  res.json({ id: 1, name: "alice" });
});

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
server.keepAliveTimeout = 600_000;
process.on("message", () => {
  // What the requests before have left is theirs.
  globalThis.gc?.();
  const { user: used, system } = process.cpuUsage();
  process.send({ cpuMs: (used + system) / 1_000 });
});
process.send({ port: server.address().port });
