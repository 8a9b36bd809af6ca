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
    "Seconds from an event's publishing on this node, or its arrival from another one, until the pass " +
    "that wrote it to live connections was done; one observation for each event.",
};
const PASS_TIME = {
  name: "sse_pass_seconds",
  help: "Seconds that a pass over the live connections took, the turns of others in it included.",
};
// From half a millisecond, which a pass over a few connections takes.
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const sets = new WeakMap<AnyRegistry, MetricSet>();

/**
 * The metrics that hubs share in a registry. They are made with the first hub, and leave with the last.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` where the registry has a metric of one of these names already
 */
export function metricSetOf(register: AnyRegistry, labelNames: readonly string[]): MetricSet {
  const known = sets.get(register);
  // Not there: the last hub has left, or somebody has cleared the registry.
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

  /** True while the registry shows it. */
  get isThere(): boolean {
    return [...this.#metrics].every(([name, metric]) => this.#isShown(name, metric));
  }

  /** Shows a hub. @throws SseHubTypeError `ERR_SSE_OPTION` for labels that do not fit those of the others */
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
    // There as 0 before the first pass.
    for (const histogram of [this.#delays, this.#passTimes]) histogram.zero(labels);
    subscribe(PASS, onPass);
    return source;
  }

  /** Hides a hub. */
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
      // The hub has counted: here it is written down anew each time.
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
      `The labels of hubMetrics() are ${JSON.stringify(labels)}, and the registry shows another hub ` +
        `under ${JSON.stringify([...this.#sources][0]?.labels)}. Expected labels of the same names that ` +
        'tell the two apart, as in hubMetrics(hub, { labels: { hub: "shop" } }); call remove() of what ' +
        "hubMetrics() gave before, where the hub was made anew.",
    );
  }
}

function checkFree(register: AnyRegistry, name: string): void {
  if (register.getSingleMetric(name) === undefined) return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The registry of hubMetrics() has a metric ${describe(name)} already, which is not of this copy of ` +
      "express-sse-hub. Expected a registry where that name is free: give a new Registry() as register, " +
      "or take the package by import alone, or by require alone.",
  );
}
