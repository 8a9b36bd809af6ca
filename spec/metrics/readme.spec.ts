import { createHub } from "express-sse-hub";
import { Registry } from "prom-client";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { sample, tableUnder, textOf } from "../support/guides.js";
import { linksIn, sectionAt, type Target } from "../support/markdown.js";
import { freePort } from "../support/free-port.js";
import { runSample, sampleFolder } from "../support/sample-server.js";
import { sampleIn, show } from "./scraped.js";

const GUIDE = "lib/metrics/README.md";

// What a label can be is explained where the meaning of its metric leads.
function linkedText({ file, anchor }: Target): string {
  return sectionAt(textOf(file), anchor);
}

describe("the guide's metrics", () => {
  it("are shown by its server as pasted", async () => {
    const port = await freePort();
    const server = sample("metrics").replace("app.listen(3000)", `app.listen(${port})`);
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
    const rows = tableUnder(GUIDE, "Metrics").map(({ metric = "", type = "", meaning = "" }) => ({
      name: metric.replaceAll("`", ""),
      type,
      meaning,
    }));
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];

    expect(rows.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(
      types.map(([, name, type]) => `${name} ${type}`).sort(),
    );
    for (const { name, meaning } of rows) {
      const values = [...text.matchAll(new RegExp(`^${name}\\{(\\w+)="(\\w+)"\\}`, "gm"))];
      const explained = [meaning, ...linksIn(GUIDE, meaning).map(linkedText)].join("\n");
      const missing = values
        .flatMap(([, label, value]) => [label, value])
        .filter((word) => !explained.includes(`\`${word}\``));
      expect([name, missing]).toEqual([name, []]);
    }
  });
});
