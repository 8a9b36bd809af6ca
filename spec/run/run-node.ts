// A node whose runs count from 1. It is started and killed by the specs: PORT, REDIS_URL.
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import { createHub, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";

const LEASE_MS = Number(process.env.LEASE_MS ?? 1_000);
const PAGE = `<!doctype html><script type="module">
  import { follow } from "/express-sse-hub/client.js";
  window.run = follow("/runs/long", { maxRetryMs: 500 });
</script>`;

const app = express();
const hub = createHub({
  retryMs: 20,
  log: redisLog({ url: process.env.REDIS_URL, deadlineMs: 3_000 }),
});
hub.on("error", () => undefined);
app.use(sse({ hub, user: (req) => ({ name: nameOf(req.headers) }), credential: null }));

const nameOf = ({ "x-name": header, cookie }: IncomingHttpHeaders) =>
  header ?? /name=(\w+)/.exec(cookie ?? "")?.[1] ?? "nobody";
app.get("/", (_req, res) => {
  res.cookie("name", "alice").type("html").send(PAGE);
});
app.post("/runs/:id", (req, res) => {
  const { count, fails } = req.query;
  const run = hub.run(
    req.params.id,
    async function* () {
      for (let n = 1; n <= Number(count); n += 1) {
        if (n % 3 === 0) await wait(1 + Math.random() * 12);
        yield n;
      }
      if (fails === "yes") throw new Error("as it was told");
    },
    { event: "count", for: { name: "alice" }, leaseMs: LEASE_MS },
  );
  run.done.catch(() => undefined);
  res.sendStatus(202);
});
app.get("/runs/:id", (req) => void req.sse.follow(req.params.id));
app.delete("/runs/:id", async (req, res) => {
  res.json(await hub.cancel(req.params.id));
});
app.post("/refresh", (_req, res) => {
  hub.refresh({ name: "alice" }).catch(() => undefined);
  res.sendStatus(202);
});

app.listen(Number(process.env.PORT), "127.0.0.1", () => {
  console.log("ready");
});
