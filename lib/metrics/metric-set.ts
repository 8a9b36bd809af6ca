import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  Counter,
  Gauge,
  Histogram,
  type Metric,
  type OpenMetricsContentType,
  type Registry,
} from "prom-client";
import type { HubChannels } from "../hub/channels.js";
import type { Hub } from "../hub/hub.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { HUB_NUMBERS, type HubNumber } from "./numbers.js";

/** A registry of prom-client, of either of its formats. */
export type AnyRegistry = Registry | Registry<OpenMetricsContentType>;

/** Labels that all metrics of a hub carry. */
export type Labels = Readonly<Record<string, string>>;

/** A hub that is shown in a registry. */
export interface Source {
  readonly hub: Hub;
  readonly labels: Labels;
  readonly onPass: (message: unknown) => void;
}

const PASS = "express-sse-hub:pass";
type Pass = HubChannels[typeof PASS];

const DELAY = {
  name: "sse_publish_to_write_seconds",
  help:
    "Seconds from an event's broadcast on this node, or its arrival from another one, until it was written " +
    "to all live connections; one observation for each event.",
};
const PASS_TIME = {
  name: "sse_pass_seconds",
  help: "Seconds that one round of writing to the live connections took, including other work of the process.",
};
// The smallest bucket is half a millisecond, the time of a pass over a few connections.
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const sets = new WeakMap<AnyRegistry, MetricSet>();

/**
 * The metrics that hubs share in a registry. They are added with the first hub, and removed with the last.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` if the registry already has a metric of one of these names
 */
export function metricSetOf(register: AnyRegistry, labelNames: readonly string[]): MetricSet {
  const known = sets.get(register);
  // Make a new set if the last hub was removed, or the registry was cleared.
  if (known?.isThere === true) return known;
  const made = new MetricSet(register, labelNames);
  sets.set(register, made);
  return made;
}

/** Metrics of one registry, which read the hubs added to them. */
export class MetricSet {
  readonly #register: AnyRegistry;
  readonly #labelNames: readonly string[];
  readonly #sources = new Set<Source>();
  readonly #delays: Histogram;
  readonly #passTimes: Histogram;
  readonly #metrics: ReadonlyMap<string, Metric>;

  constructor(register: AnyRegistry, labelNames: readonly string[]) {
    for (const { name } of [...HUB_NUMBERS, DELAY, PASS_TIME]) checkFree(register, name);
    this.#register = register;
    this.#labelNames = labelNames;
    const shared = { labelNames, registers: [register] };
    const numbers = HUB_NUMBERS.map((number) => [number.name, this.#create(number)] as const);
    this.#delays = new Histogram({ ...DELAY, ...shared, buckets: BUCKETS });
    this.#passTimes = new Histogram({ ...PASS_TIME, ...shared, buckets: BUCKETS });
    this.#metrics = new Map<string, Metric>([
      ...numbers,
      [DELAY.name, this.#delays],
      [PASS_TIME.name, this.#passTimes],
    ]);
  }

  /** True while the registry contains these metrics. */
  get isThere(): boolean {
    return [...this.#metrics].every(([name, metric]) => this.#isShown(name, metric));
  }

  /** Adds a hub. @throws SseHubTypeError `ERR_SSE_OPTION` for labels that do not fit those of the other hubs */
  add(hub: Hub, labels: Labels): Source {
    this.#checkLabels(labels);
    const onPass = (message: unknown) => {
      const told = message as Pass;
      if (told.hub !== hub) return;
      this.#passTimes.observe(labels, told.durationMs / 1_000);
      for (const delayMs of told.delaysMs) this.#delays.observe(labels, delayMs / 1_000);
    };
    const source = { hub, labels, onPass };
    this.#sources.add(source);
    // So that the histograms exist, with 0 observations, before the first pass.
    for (const histogram of [this.#delays, this.#passTimes]) histogram.zero(labels);
    subscribe(PASS, onPass);
    return source;
  }

  /** Removes a hub. */
  remove(source: Source): void {
    if (!this.#sources.delete(source)) return;
    unsubscribe(PASS, source.onPass);
    for (const histogram of [this.#delays, this.#passTimes]) histogram.remove(source.labels);
    if (this.#sources.size > 0) return;
    for (const [name, metric] of this.#metrics) {
      if (this.#isShown(name, metric)) this.#register.removeSingleMetric(name);
    }
  }

  #create({ name, help, kind, aggregator, label, read }: HubNumber): Gauge | Counter {
    const sources = this.#sources;
    const labelNames = [...this.#labelNames, ...(label === null ? [] : [label.name])];
    const values = label?.values ?? [""];
    const Kind = kind === "gauge" ? Gauge : Counter;
    return new Kind({
      name,
      help,
      aggregator,
      labelNames,
      registers: [this.#register],
      // The hub counts; at each collection, its numbers are copied.
      collect() {
        this.reset();
        for (const { hub, labels } of sources) {
          const numbers = read(hub);
          for (const value of values) {
            const own = label === null ? labels : { ...labels, [label.name]: value };
            this.inc(own, numbers[value] ?? 0);
          }
        }
      },
    });
  }

  #isShown(name: string, metric: Metric): boolean {
    return this.#register.getSingleMetric(name) === metric;
  }

  #checkLabels(labels: Labels): void {
    const names = Object.keys(labels);
    const isSameKind =
      names.length === this.#labelNames.length &&
      names.every((name) => this.#labelNames.includes(name));
    const isTaken = [...this.#sources].some((source) =>
      names.every((name) => source.labels[name] === labels[name]),
    );
    if (isSameKind && !isTaken) return;
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The labels of hubMetrics() are ${JSON.stringify(labels)}, and the registry already has another hub ` +
        `with ${JSON.stringify([...this.#sources][0]?.labels)}. Expected the same label names with another ` +
        'value, as in hubMetrics(hub, { labels: { hub: "shop" } }). If the new hub replaces the other one, ' +
        "first call remove() of the object that hubMetrics() returned for it.",
    );
  }
}

function checkFree(register: AnyRegistry, name: string): void {
  if (register.getSingleMetric(name) === undefined) return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The registry of hubMetrics() already has a metric ${describe(name)} that is not of this copy of ` +
      "express-sse-hub. Expected a registry without this name: give a new Registry() as register, " +
      "or load the package only with import, or only with require.",
  );
}
