// One node. It answers POST /runs/:id and GET /runs/:id in one of the ways.
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";

const settings = JSON.parse(process.env.SETTINGS);
const app = express();
const { begin, follow } = await (await import(`./ways/${settings.way}.mjs`)).open(app, settings);

app.post("/runs/:id", async (req, res) => {
  await begin(req.params.id, tokens);
  res.sendStatus(202);
});
app.get("/runs/:id", (req, res) => void follow(req.params.id, req, res));

/** Words as of a model, each with the time at which it was there. */
async function* tokens() {
  // Until the followers are there.
  await sleep(1_500);
  for (let n = 1; n <= settings.tokens; n += 1) {
    await sleep(settings.everyMs);
    yield `${n} ${performance.timeOrigin + performance.now()} and a word`;
  }
}

const server = http.createServer(app).listen(0, "127.0.0.1", () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}` });
});
