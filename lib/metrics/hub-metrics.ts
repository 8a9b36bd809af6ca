import { register as globalRegister } from "prom-client";
import type { Hub } from "../hub/hub.js";
import { isObject, optionReader, type Check } from "../options/option-reader.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { metricSetOf, type AnyRegistry, type Labels } from "./metric-set.js";
import { HUB_NUMBERS } from "./numbers.js";

/** Options of `hubMetrics()`. An unknown key is an error. */
export interface HubMetricsOptions {
  /** Where the metrics go. @default the global `register` of prom-client */
  register?: AnyRegistry | undefined;
  /**
   * Labels on all metrics of this hub, such as `{ hub: "shop" }`: needed to tell hubs apart that share a
   * registry, and then of the same names for each. @default none
   */
  labels?: Labels | undefined;
}

/** The metrics of a hub in a registry. */
export interface HubMetrics {
  /** Takes them out again; those of other hubs stay. Idempotent. */
  remove(): void;
}

/**
 * Puts the numbers of a hub into the application's registry of prom-client, where they are read whenever
 * somebody collects. Until they are removed, two histograms are fed after each pass; nothing else is
 * added to what the hub does. No label holds anything of a user, a session or a room, nor an address.
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
 * @throws SseHubTypeError `ERR_SSE_OPTION`, also for a second hub that its labels do not tell from the
 * first, and for a registry that has a metric of one of these names already
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
  // A copy: what the caller does to its object later must not move the numbers.
  const source = set.add(hub, { ...labels });
  return {
    remove: () => {
      set.remove(source);
    },
  };
}

// Labels of the metrics themselves.
const RESERVED_LABELS = [
  ...new Set(["le", ...HUB_NUMBERS.flatMap(({ label }) => label?.name ?? [])]),
];

const LABELS =
  'an object of texts such as { hub: "shop" }, whose names are those Prometheus takes for labels and ' +
  `none of ${RESERVED_LABELS.join(", ")}`;

function isHub(value: unknown): value is Hub {
  if (!isObject(value)) return false;
  const { stats, health } = value as Partial<Hub>;
  return typeof stats === "function" && typeof health === "function";
}

// Not instanceof: an application may have a prom-client of its own beside ours.
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
