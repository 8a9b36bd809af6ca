import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createHub } from "express-sse-hub";
import { Registry } from "prom-client";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { sample } from "../support/readme.js";
import { freePort } from "../support/redis.js";
import { runSample, sampleFolder } from "../support/sample-server.js";
import { sampleIn, show } from "./scraped.js";

const README = readFileSync(join(__dirname, "../../README.md"), "utf8");
const HEADING = "## Metrics and tracing";

describe("the README's metrics", () => {
  it("are shown by its server as pasted", async () => {
    const port = await freePort();
    const server = sample("js", HEADING).replace("app.listen(3000)", `app.listen(${port})`);
    const folder = await sampleFolder({ "server.mjs": `${server}\nconsole.log("started");` });
    await runSample(folder, "server.mjs");
    const url = `http://localhost:${port}`;
    const stream = await openStream(url, "/events");
    onTestEnd(() => {
      stream.close();
    });
    await stream.opened();

    const answer = await fetch(`${url}/metrics`);

    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(sampleIn(await answer.text(), "sse_connections")).toBe(1);
  }, 60_000);

  it("are all there are, of the type they have, with all their labels", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const register = new Registry();
    show(hub, { register });
    const text = await register.metrics();
    const section = README.split(`\n${HEADING}\n`)[1]?.split("\n## ", 1)[0] ?? "";
    const rows = [...section.matchAll(/^\| `(sse_\w+)` +\| (\w+) +\| (.*) \|$/gm)];
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];

    const inOrder = (pairs: RegExpMatchArray[]) =>
      pairs.map(([, name, type]) => `${name} ${type}`).sort();
    expect(inOrder(rows)).toEqual(inOrder(types));
    for (const [, name, , meaning = ""] of rows) {
      const values = [...text.matchAll(new RegExp(`^${name}\\{(\\w+)="(\\w+)"\\}`, "gm"))];
      const missing = values
        .flatMap(([, label, value]) => [label, value])
        // The reasons of ends have a table of their own.
        .filter((word) => name !== "sse_connections_closed_total" || word === "reason")
        .filter((word) => !meaning.includes(`\`${word}\``));
      expect([name, missing]).toEqual([name, []]);
    }
  });
});
