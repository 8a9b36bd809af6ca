// An application in TypeScript with CommonJS that shows the numbers of its hub to Prometheus.
import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import { createHub, type HubChannels, type HubStats } from "express-sse-hub";
import { hubMetrics, type HubMetrics, type HubMetricsOptions } from "express-sse-hub/metrics";
import { Registry, register } from "prom-client";

async function main(): Promise<void> {
  const refusals: string[] = [];
  subscribe("express-sse-hub:refusal", (message) => {
    refusals.push((message as HubChannels["express-sse-hub:refusal"]).reason);
  });
  const hub = createHub();
  const own = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  const options: HubMetricsOptions = { register: own, labels: { hub: "shop" } };
  const metrics: HubMetrics = hubMetrics(hub);
  hubMetrics(hub, options);
  // @ts-expect-error -- no registry of prom-client
  assert.throws(() => hubMetrics(hub, { register: {} }), { code: "ERR_SSE_OPTION" });

  await hub.broadcast("message", "hello");
  const { published }: HubStats = hub.stats();
  assert.equal(published, 1);
  assert.match(await own.metrics(), /^sse_events_published_total\{hub="shop"\} 1$/m);
  const [line] = (await register.metrics()).match(/^sse_events_published_total.*/m) ?? [];
  metrics.remove();
  assert.equal(await register.metrics(), "\n");
  assert.deepEqual(refusals, []);
  await hub.close();
  console.log(line);
}

void main();
