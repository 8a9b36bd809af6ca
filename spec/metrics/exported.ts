import { createHub } from "express-sse-hub";
import { Registry } from "prom-client";
import { onTestEnd } from "../support/disposers.js";
import { show } from "./scraped.js";

/** The metrics of a hub as Prometheus gets them: by name, the labels of each with all their values. */
export type Exported = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** What a real hub exports. */
export async function exportedByHub(): Promise<Exported> {
  const hub = createHub();
  onTestEnd(() => hub.close());
  const register = new Registry();
  show(hub, { register });
  const exported = new Map<string, Map<string, Set<string>>>();
  for (const [, name = "", labels = ""] of (await register.metrics()).matchAll(
    /^(\w+)(?:\{(.*)\})? \S+$/gm,
  )) {
    const known = exported.get(name) ?? new Map<string, Set<string>>();
    exported.set(name, known);
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      known.set(label, (known.get(label) ?? new Set<string>()).add(value));
    }
  }
  return exported;
}

// What Prometheus adds to every sample that it scrapes.
const OF_PROMETHEUS = ["job", "instance"];

const SELECTOR = /\b(sse_\w+)(?:\{([^}]*)\})?/g;
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
const GROUPING = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
const NO_METRIC = new Set(
  "sum min max count rate increase histogram_quantile max_over_time and unless".split(" "),
);

/** Names of all metrics in a query. */
export function metricsIn(query: string): string[] {
  return [...query.matchAll(SELECTOR)].map(([, name = ""]) => name);
}

/** What a query names and no hub exports: metrics, labels, and values of labels. */
export function strangersIn(query: string, exported: Exported): string[] {
  const labels = new Set([...OF_PROMETHEUS, ...metricsIn(query).flatMap((name) => labelsOf(name))]);
  const grouped = [...query.matchAll(GROUPING)].flatMap(([, list = ""]) => list.split(/,\s*/));
  const others = query
    .replaceAll(SELECTOR, "")
    .replaceAll(GROUPING, "")
    .replaceAll(/\[[^\]]*\]/g, "");
  return [
    ...[...query.matchAll(SELECTOR)].flatMap(([, name, matchers]) => strange(name, matchers)),
    ...grouped.filter((label) => !labels.has(label)),
    ...(others.match(/[a-zA-Z_]\w*/g) ?? []).filter((word) => !NO_METRIC.has(word)),
  ];

  function labelsOf(name: string): string[] {
    return [...(exported.get(name)?.keys() ?? [])];
  }

  function strange(name = "", matchers = ""): string[] {
    const known = exported.get(name);
    if (known === undefined) return [name];
    return [...matchers.matchAll(MATCHER)].flatMap(([, label = "", operator, value = ""]) => {
      if (OF_PROMETHEUS.includes(label)) return [];
      const values = known.get(label);
      if (values === undefined) return [`${name}{${label}}`];
      const named = operator?.includes("~") === true ? value.split("|") : [value];
      return named.filter((one) => !values.has(one)).map((one) => `${name}{${label}="${one}"}`);
    });
  }
}
