// What is shown: five minutes of two updates a second.
const KEPT_MS = 300_000;
// Rates are over this time, so that they are calm enough to be read.
const OVER_MS = 2_500;
// A page in the background is told late; what is older than this is not joined with what follows.
const GAP_MS = 10_000;

/** What nodes have told in the last minutes, with the rates between. */
export class History {
  #points = [];
  // Node → its samples of the last moments, oldest first.
  #samples = new Map();

  /** The newest first sample of all nodes: the one that serves the page in front. */
  nodes = [];

  /** Takes in what all nodes tell now. */
  add(nodes) {
    const now = Date.now();
    const last = this.#points.at(-1);
    if (last !== undefined && now - last.time > GAP_MS) {
      this.#samples.clear();
      this.#points.push({ time: now - 1, byNode: new Map() });
    }
    for (const id of this.#samples.keys()) {
      if (!nodes.some((node) => node.id === id)) this.#samples.delete(id);
    }
    this.nodes = nodes;
    const byNode = new Map(nodes.map((node) => [node.id, this.#pointOf(node)]));
    this.#points.push({ time: now, byNode });
    while (this.#points[0].time < now - KEPT_MS) this.#points.shift();
  }

  /** The newest values of one node, or of all together where `id` is `null`. */
  now(id) {
    return valuesOf(this.#points.at(-1)?.byNode ?? new Map(), id);
  }

  /** How long ago each point was, in seconds below zero. */
  ages() {
    const now = this.#points.at(-1)?.time ?? 0;
    return this.#points.map(({ time }) => (time - now) / 1_000);
  }

  /** The values of one kind over time, of one node, or of all together where `id` is `null`. */
  line(kind, id) {
    return this.#points.map(({ byNode }) => valuesOf(byNode, id)?.[kind] ?? null);
  }

  #pointOf(sample) {
    const samples = this.#samples.get(sample.id) ?? [];
    // Other nodes are asked less often than the page is told.
    if (samples.at(-1)?.at !== sample.at) samples.push(sample);
    while (samples.length > 2 && samples[1].at <= sample.at - OVER_MS) samples.shift();
    this.#samples.set(sample.id, samples);
    return { first: samples[0], last: samples.at(-1) };
  }
}

function valuesOf(byNode, id) {
  const points = id === null ? [...byNode.values()] : [byNode.get(id)].filter(Boolean);
  if (points.length === 0) return null;
  const sum = (of) => points.reduce((all, point) => all + of(point), 0);
  const rise = (key) => sum(({ first, last }) => last[key] - first[key]);
  // Of what was seen once nothing can be said yet.
  const isMeasured = points.some(({ first, last }) => last.at > first.at);
  const rateOf = ({ first, last }, key) =>
    last.at > first.at ? ((last[key] - first[key]) * 1_000) / (last.at - first.at) : 0;
  const rate = (...keys) =>
    isMeasured ? sum((point) => keys.reduce((all, key) => all + rateOf(point, key), 0)) : null;
  const mean = (key, count) => (rise(count) > 0 ? rise(key) / rise(count) : null);
  const most = (key) => Math.max(...points.map(({ last }) => last[key]));
  return {
    events: rate("published"),
    deliveries: rate("delivered", "replayed"),
    connections: sum(({ last }) => last.connections),
    behind: sum(({ last }) => last.behind),
    pass: mean("passMs", "passes"),
    write: mean("writeMs", "written"),
    running: sum(({ last }) => last.running),
    lag: most("lagMs"),
    // Every node holds the same log, or as much of it as it has read.
    logEntries: most("logEntries"),
    logBytes: most("logBytes"),
  };
}

/** Adds up counts by name, of several nodes. */
export function addUp(all) {
  const counts = {};
  for (const [name, count] of all.flatMap(Object.entries)) {
    counts[name] = (counts[name] ?? 0) + count;
  }
  return counts;
}
