import type { Hub } from "express-sse-hub";
import { hubMetrics, type HubMetrics, type HubMetricsOptions } from "express-sse-hub/metrics";
import { onTestEnd } from "../support/disposers.js";
import { Shop, type ShopOptions } from "../support/shop.js";

/** Puts a hub's numbers into a registry until the end of the test. */
export function show(hub: Hub, options: HubMetricsOptions): HubMetrics {
  const metrics = hubMetrics(hub, options);
  onTestEnd(() => {
    metrics.remove();
  });
  return metrics;
}

/** A shop whose numbers Prometheus can ask for at `/metrics`. */
export async function openShop(
  register: NonNullable<HubMetricsOptions["register"]>,
  options: ShopOptions = {},
): Promise<Shop> {
  return Shop.open({
    ...options,
    routes: (app, hub) => {
      show(hub, { register });
      app.get("/metrics", async (_req, res) => {
        res.set("Content-Type", register.contentType).send(await register.metrics());
      });
      options.routes?.(app, hub);
    },
  });
}

/** What Prometheus is given. */
export async function scrape({ url }: Shop): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The samples in what Prometheus is given, without those of histograms. */
export function samplesIn(text: string): Record<string, number> {
  const lines = text
    .split("\n")
    .filter((line) => /^sse_(?!.*seconds_(?:bucket|sum|count))/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", value] = line.split(" ");
      return [name, Number(value)];
    }),
  );
}

/** The same without what is 0, and without the size of the log in bytes. */
export function countedIn(text: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(samplesIn(text)).filter(
      ([name, value]) => value !== 0 && name !== "sse_log_bytes",
    ),
  );
}

/** A sample by its name and labels, as it is written. */
export function sampleIn(text: string, name: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
