import { Chart, strokeOf } from "./chart.js";
import { byId, cells, element, show, showPairs } from "./dom.js";
import { addUp, History } from "./history.js";
import { fine, sizeOf, whole } from "./numbers.js";

const KINDS = [
  { kind: "events", title: "Events a second", format: fine, unit: "", least: 1 },
  { kind: "deliveries", title: "Deliveries a second", format: fine, unit: "", least: 1 },
  { kind: "connections", title: "Connections", format: whole, unit: "", least: 4 },
  { kind: "behind", title: "Behind", format: whole, unit: "", least: 4 },
  { kind: "pass", title: "Pass time", format: fine, unit: " ms", least: 1 },
  { kind: "write", title: "Publish to write", format: fine, unit: " ms", least: 1 },
  { kind: "logEntries", title: "Log entries", format: whole, unit: "", least: 10 },
  { kind: "lag", title: "Log lag", format: whole, unit: " ms", least: 10 },
];
const TOGETHER = "together";
const EACH = "each";

const history = new History();
const choice = byId("flow-node");
const charts = KINDS.map((about) => ({ kind: about.kind, chart: new Chart(about) }));
// Node → its place among those that were ever told of, so that its colour stays.
const places = new Map();
let isShown = false;

/** Takes in the numbers of all nodes, the one that serves the page in front. */
export function addFlow(nodes) {
  history.add(nodes);
  for (const { id } of nodes) {
    if (!places.has(id)) places.set(id, places.size);
  }
  drawIfShown();
}

/** The view is looked at, or no longer. */
export function lookAtFlow(isLookedAt) {
  isShown = isLookedAt;
  drawIfShown();
}

function drawIfShown() {
  if (isShown && history.nodes.length > 0) draw();
}

function draw() {
  showChoices();
  const chosen = choice.value === TOGETHER || choice.value === EACH ? null : choice.value;
  const nodes = history.nodes.filter(({ id }) => chosen === null || id === chosen);
  const now = history.now(chosen);
  showNumbers(now, nodes);
  showCharts(now, chosen);
  showLegend();
  showProblems(nodes);
  showNodes();
  showCounts(byId("returns"), addUp(nodes.map(({ returns }) => returns)), "No page has come yet.");
  showCounts(
    byId("ended"),
    addUp(nodes.map(({ sessionsEnded }) => sessionsEnded)),
    "No session has ended early.",
  );
}

/** What nodes are called: two of one process are told apart. */
function nameOf({ id, name }) {
  const isTwice = history.nodes.filter((node) => node.name === name).length > 1;
  return isTwice ? `${name} (${id})` : name;
}

function showChoices() {
  const options = [
    [TOGETHER, "All nodes together"],
    [EACH, "All nodes, a line each"],
    ...history.nodes.map((node) => [node.id, nameOf(node)]),
  ].map(([value, text]) => {
    const option = element("option", text);
    option.setAttribute("value", value);
    return option;
  });
  const { value } = choice;
  show(choice, options);
  // One that is gone is not chosen any more.
  choice.value = options.some((option) => option.value === value) ? value : TOGETHER;
}

function showNumbers(now, nodes) {
  showPairs(byId("numbers"), [
    ["Nodes", whole(history.nodes.length)],
    ["Log size", sizeOf(now.logBytes)],
    ["Log", nodes.every(({ status }) => status === "ok") ? "ok" : "degraded"],
    ["Runs", whole(now.running)],
  ]);
}

function showCharts(now, chosen) {
  const ages = history.ages();
  for (const { kind, chart } of charts) {
    const lines =
      choice.value === EACH
        ? history.nodes.map((node) => ({
            name: nameOf(node),
            index: places.get(node.id),
            values: history.line(kind, node.id),
          }))
        : [{ name: "All", values: history.line(kind, chosen) }];
    chart.show(now[kind], ages, lines);
  }
}

function showLegend() {
  const legend = byId("legend");
  legend.hidden = choice.value !== EACH;
  const items = history.nodes.map((node) => {
    const { color, dash } = strokeOf(places.get(node.id));
    const item = element("li", nameOf(node));
    const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("viewBox", "0 0 32 4");
    line.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M0 2H32");
    path.setAttribute("stroke", color);
    path.setAttribute("stroke-width", "3");
    path.setAttribute("stroke-dasharray", dash.join(" "));
    line.append(path);
    item.prepend(line);
    return item;
  });
  show(legend, items);
}

function showProblems(nodes) {
  const problems = new Map();
  for (const node of nodes) {
    if (node.problem === null) continue;
    problems.set(node.problem, [...(problems.get(node.problem) ?? []), nameOf(node)]);
  }
  const items = [...problems].map(([text, names]) => element("p", `${names.join(", ")}: ${text}`));
  show(byId("problems"), items);
  byId("problems").hidden = items.length === 0;
}

function showNodes() {
  const rows = history.nodes.map((node, index) => {
    const now = history.now(node.id);
    const row = cells([
      index === 0 ? `${nameOf(node)}, this page’s` : nameOf(node),
      whole(now.connections),
      whole(now.behind),
      fine(now.events),
      fine(now.deliveries),
      now.pass === null ? "–" : `${fine(now.pass)} ms`,
      now.write === null ? "–" : `${fine(now.write)} ms`,
      `${whole(now.lag)} ms`,
      whole(now.logEntries),
      sizeOf(now.logBytes),
    ]);
    return row;
  });
  show(byId("nodes"), rows);
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

/** Makes the view work. */
export function setUpFlow() {
  byId("charts").append(...charts.map(({ chart }) => chart.figure));
  choice.addEventListener("change", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { chart } of charts) chart.forget();
    drawIfShown();
  });
}
