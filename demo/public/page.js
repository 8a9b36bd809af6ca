import { ClusterMap } from "./cluster-map.js";
import { Composer, nameAudience } from "./composer.js";
import { Pane } from "./pane.js";
import { RunTab } from "./run-tab.js";
import { ShopSwitch } from "./shop-switch.js";
import { showTabs } from "./tabs.js";

const byId = (id) => document.getElementById(id);
const otherTabs = new BroadcastChannel("express-sse-hub-demo");
const nobody = () => undefined;

// Each pane is a session of its own: the cookies of alice's and bob's are for their paths only.
const sessions = {
  alice: { path: "alice/", login: "alice" },
  bob: { path: "bob/", login: "bob" },
  visitor: { path: "" },
};
const wanted = new URLSearchParams(location.search).get("panes")?.split(",");
const panes = Object.keys(sessions)
  .filter((name) => wanted?.includes(name) ?? true)
  .map((name) => addPane(name, sessions[name]));
const byName = Object.fromEntries(panes.map((pane) => [pane.name, pane]));
const composer = new Composer(byId("hello"), panes);
const cluster = new ClusterMap(byId("cluster"), panes);
const shop = new ShopSwitch(byId("shop"), panes);
otherTabs.addEventListener("message", ({ data }) => byName[data]?.follow().catch(nobody));
showTabs(document.querySelector("[role=tablist]"));
if (wanted === undefined && navigator.locks !== undefined) startAlone();
else start();

/** Six connections are all that a browser opens to a host with HTTP/1.1: enough for one tab with three streams. */
function startAlone() {
  const lock = "express-sse-hub-demo";
  navigator.locks.query().then(({ held }) => {
    byId("elsewhere").hidden = !held.some(({ name }) => name === lock);
  });
  navigator.locks.request(lock, () => {
    byId("elsewhere").hidden = true;
    start();
    return new Promise(nobody);
  });
}

function start() {
  for (const pane of panes) pane.start().catch(nobody);
  new RunTab(byId("answer"), "alice/api/answers", showAnswer);
  new RunTab(byId("import"), "alice/api/imports", showProgress);
}

function addPane(id, settings) {
  const part = byId("pane").content.firstElementChild.cloneNode(true);
  part.id = id;
  part.setAttribute("aria-label", id);
  part.querySelector(".scroll").setAttribute("aria-label", `Events of ${id}`);
  // The names of the sample are those of the session that every browser has.
  if (settings.path === "") {
    for (const element of part.querySelectorAll("[data-name]")) element.id = element.dataset.name;
  }
  byId("panes").append(part);
  return new Pane(part, {
    name: id,
    onBecome: () => otherTabs.postMessage(id),
    onChange: () => {
      composer.refresh();
      cluster.refresh();
    },
    onCount: () => cluster.refresh(),
    onState: ({ isShopOpen, nodes = [] }) => {
      shop.show(isShopOpen);
      cluster.show(nodes);
    },
    onSent: ({ id: event, to }) => {
      for (const pane of panes) pane.addAudience(event, nameAudience(to));
    },
    ...settings,
  });
}

function showAnswer({ text }, output) {
  output.textContent = text;
  output.scrollTop = output.scrollHeight;
}

function showProgress({ events }, output) {
  const { done = 0, of = 120, order } = events.at(-1)?.data ?? {};
  output.querySelector("progress").max = of;
  output.querySelector("progress").value = done;
  output.querySelector("output").textContent =
    order === undefined ? "Nothing is imported yet." : `${done} of ${of} orders, at ${order}`;
}
