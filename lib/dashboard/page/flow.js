import { byId, element, show, showPairs } from "./dom.js";

// Rates are over this many updates, so that they are calm enough to be read.
const OVER = 6;

let history = [];

const whole = (value) => Math.round(value).toLocaleString("en");

/** Shows the numbers of the node. */
export function showFlow(stats) {
  const { at } = stats;
  // Another node, or the same one anew, counts from the beginning.
  const last = history.at(-1);
  if (last !== undefined && stats.id !== last.stats.id) history = [];
  history = [...history, { at, stats }].slice(-OVER);
  showPairs(byId("numbers"), [
    ["Connections", whole(stats.connections)],
    ["Behind", whole(stats.behind)],
    ["Events a second", rateOf("published")],
    ["Deliveries a second", rateOf("delivered")],
    ["Replayed a second", rateOf("replayed")],
    ["Log entries", whole(stats.logEntries)],
    ["Log size", sizeOf(stats.logBytes)],
    ["Log lag", `${whole(stats.lagMs)} ms`],
    ["Log", stats.status],
    ["Runs here", whole(stats.running)],
  ]);
  showCounts(byId("returns"), stats.returns, "No page has come yet.");
  showCounts(byId("ended"), stats.sessionsEnded, "No session has ended.");
  const problem = byId("problem");
  const text = stats.problem ?? "";
  if (problem.textContent !== text) problem.textContent = text;
  problem.hidden = text === "";
}

function showCounts(list, counts, empty) {
  const pairs = Object.entries(counts).filter(([, count]) => count > 0);
  if (pairs.length > 0) {
    showPairs(
      list,
      pairs.map(([name, count]) => [name, whole(count)]),
    );
    return;
  }
  const item = element("div");
  item.append(element("dt", empty), element("dd"));
  show(list, [item]);
}

function rateOf(name) {
  const [first, last] = [history[0], history.at(-1)];
  if (first.at === last.at) return "0";
  return whole(((last.stats[name] - first.stats[name]) * 1_000) / (last.at - first.at));
}

function sizeOf(bytes) {
  if (bytes < 1_024) return `${bytes} B`;
  const kib = bytes / 1_024;
  return kib < 1_024 ? `${whole(kib)} KiB` : `${(kib / 1_024).toFixed(1)} MiB`;
}
