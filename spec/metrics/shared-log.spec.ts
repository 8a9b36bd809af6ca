import { createHub } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { Registry } from "prom-client";
import { onTestEnd } from "../support/disposers.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { until } from "../support/shop.js";
import { openShop, sampleIn, samplesIn, scrape, show } from "./scraped.js";

const DELAY_MS = 300;

/** The two samples that say how the log is. */
async function logIn(register: Registry): Promise<{ up: number; lag: number }> {
  const samples = samplesIn(await register.metrics());
  return { up: samples.sse_log_up ?? NaN, lag: samples.sse_log_lag_seconds ?? NaN };
}

/** Collects until that is so. */
async function collectUntil(
  register: Registry,
  isSo: (log: { up: number; lag: number }) => boolean,
): Promise<{ up: number; lag: number }> {
  for (const deadline = Date.now() + 15_000; ;) {
    const log = await logIn(register);
    if (isSo(log)) return log;
    if (Date.now() > deadline) throw new Error(`It never came true: ${JSON.stringify(log)}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeWithRedis("a node's numbers, with a log in Redis", (urlOf) => {
  it("say that the log is down, and how old what is known of it is, until Redis is back", async () => {
    const redis = await RedisServer.start();
    const hub = createHub({ log: redisLog({ url: redis.url }) });
    onTestEnd(() => hub.close());
    hub.on("error", () => undefined);
    const register = new Registry();
    show(hub, { register });
    await collectUntil(register, ({ up, lag }) => up === 1 && lag === 0);

    await redis.kill();
    const down = await collectUntil(register, ({ up, lag }) => up === 0 && lag > 0.05);
    const later = await collectUntil(register, ({ lag }) => lag > down.lag + 0.05);
    await redis.run();
    const back = await collectUntil(register, ({ up, lag }) => up === 1 && lag === 0);

    expect([down.up, later.up, back]).toEqual([0, 0, { up: 1, lag: 0 }]);
    expect(down.lag).toBeLessThan(15);
  });

  it("count an event's way from its publishing here, and from its arrival elsewhere", async () => {
    const slow = await FaultProxy.start(urlOf());
    slow.delayMs = DELAY_MS;
    const [here, there] = [new Registry(), new Registry()];
    const log = (url: string) => ({ log: redisLog({ url, name: "way" }) });
    const publishing = await openShop(here, { hub: log(slow.url.replace("http", "redis")) });
    const other = await openShop(there, { hub: log(urlOf()) });
    const streams = [await publishing.stream(), await other.stream()];
    await until(
      () => publishing.hub.stats().behind + other.hub.stats().behind === 0,
      "all are live",
    );

    await publishing.hub.broadcast("message", "hello");
    await Promise.all(streams.map((stream) => stream.next()));
    const [own, elsewhere] = [await scrape(publishing), await scrape(other)];
    const name = "sse_publish_to_write_seconds";

    expect([own, elsewhere].map((text) => sampleIn(text, `${name}_count`))).toEqual([1, 1]);
    expect(sampleIn(own, `${name}_sum`)).toBeGreaterThanOrEqual(DELAY_MS / 1_000);
    expect(sampleIn(elsewhere, `${name}_sum`)).toBeLessThan(DELAY_MS / 1_000);
    expect([own, elsewhere].map((text) => samplesIn(text).sse_events_published_total)).toEqual([
      1, 0,
    ]);
  });
});
