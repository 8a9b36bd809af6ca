import { register as globalRegister } from "prom-client";
import type { Hub } from "../hub/hub.js";
import { isObject, optionReader, type Check } from "../options/option-reader.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { metricSetOf, type AnyRegistry, type Labels } from "./metric-set.js";
import { HUB_NUMBERS } from "./numbers.js";

/** Options of `hubMetrics()`. An unknown key is an error. */
export interface HubMetricsOptions {
  /** The registry for the metrics. @default the global `register` of prom-client */
  register?: AnyRegistry | undefined;
  /**
   * Labels on all metrics of this hub, such as `{ hub: "shop" }`. Hubs that share a registry need them: the same
   * names with different values. @default none
   */
  labels?: Labels | undefined;
}

/** The metrics of a hub in a registry. */
export interface HubMetrics {
  /** Removes the metrics of this hub from the registry. The metrics of other hubs stay. Idempotent. */
  remove(): void;
}

/**
 * Adds the numbers of a hub to the application's registry of prom-client, which reads them whenever it is collected.
 * Two histograms are updated after each pass, until the metrics are removed; the hub does no other work for them. No
 * label contains anything of a user, a session, a room or an address.
 *
 * The numbers are those of this node. They stay after `hub.close()`, as they were at the end.
 *
 * @example
 * import { register } from "prom-client";
 * hubMetrics(hub);
 * app.get("/metrics", async (_req, res) => {
 *   res.set("Content-Type", register.contentType).send(await register.metrics());
 * });
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`, also for a second hub whose labels do not differ from those of the
 * first, and for a registry that already has a metric of one of these names
 */
export function hubMetrics(hub: Hub, options: HubMetricsOptions = {}): HubMetrics {
  if (!isHub(hub)) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `hubMetrics() was given ${describe(hub)}. Expected the hub that createHub() gave.`,
    );
  }
  const read = optionReader("hubMetrics", options, ["register", "labels"]);
  const register = read("register", "a Registry of prom-client", isRegistry, globalRegister);
  const labels = read("labels", LABELS, isLabels, {});
  const set = metricSetOf(register, Object.keys(labels));
  // A copy, so that later changes of the caller's object do not change the labels.
  const source = set.add(hub, { ...labels });
  return {
    remove: () => {
      set.remove(source);
    },
  };
}

// The labels that the metrics themselves have.
const RESERVED_LABELS = [
  ...new Set(["le", ...HUB_NUMBERS.flatMap(({ label }) => label?.name ?? [])]),
];

const LABELS =
  'an object of texts such as { hub: "shop" }, whose names are valid label names of Prometheus and ' +
  `none of ${RESERVED_LABELS.join(", ")}`;

function isHub(value: unknown): value is Hub {
  if (!isObject(value)) return false;
  const { stats, health } = value as Partial<Hub>;
  return typeof stats === "function" && typeof health === "function";
}

// Not instanceof, because the application may have another copy of prom-client.
const isRegistry: Check<AnyRegistry> = (value): value is AnyRegistry => {
  if (!isObject(value)) return false;
  const { registerMetric, getSingleMetric } = value as Partial<AnyRegistry>;
  return typeof registerMetric === "function" && typeof getSingleMetric === "function";
};

const isLabels: Check<Labels> = (value): value is Labels =>
  isObject(value) &&
  Object.entries(value).every(
    ([name, text]) =>
      /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) &&
      !RESERVED_LABELS.includes(name) &&
      typeof text === "string",
  );
