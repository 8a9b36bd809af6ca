import { administratorOf } from "./administrator.js";
import { textElement } from "./element.js";

const LOW_PX = 900;
const number = new Intl.NumberFormat();

/** Where there are several nodes: draws each with the panes whose streams it holds, kills one, and sums up what the panes count. */
export class ClusterMap {
  #part;
  #panes;
  #nodes = [];
  #killed = null;
  #refusal = NONE;

  /** @param part of the page; shown from the first node on */
  constructor(part, panes) {
    this.#part = part;
    this.#panes = panes;
    this.#find("#counting").addEventListener("change", ({ target }) => {
      for (const pane of panes) pane.countAlong(target.checked);
      this.refresh();
    });
  }

  /** @param nodes `[{ name, isUp }]` */
  show(nodes) {
    this.#nodes = nodes;
    if (nodes.length === 0) return;
    if (this.#part.hidden) this.#appear();
    const list = this.#find("#nodes");
    while (list.childElementCount > nodes.length) list.lastElementChild.remove();
    while (list.childElementCount < nodes.length) list.append(this.#makeNode());
    this.refresh();
  }

  /** A pane, or what it counted, has changed. */
  refresh() {
    if (this.#part.hidden) return;
    for (const [index, node] of this.#nodes.entries()) {
      this.#draw(this.#find("#nodes").children[index], node);
    }
    this.#sumUp();
  }

  // It takes room from the panes.
  #appear() {
    this.#part.hidden = false;
    document.querySelector("#hint").textContent = HINT;
    if (innerHeight < LOW_PX) for (const pane of this.#panes) pane.find("action").open = false;
  }

  #makeNode() {
    const item = document.createElement("li");
    const kill = textElement("button", "Kill", "small");
    kill.type = "button";
    kill.addEventListener("click", () => this.#kill(item.dataset.node));
    const streams = document.createElement("ul");
    streams.setAttribute("aria-label", "Streams");
    item.append(textElement("h3", ""), textElement("span", "", "status"), kill, streams);
    return item;
  }

  #draw(item, { name, isUp }) {
    const [heading, status, kill, streams] = item.children;
    item.dataset.node = name;
    item.dataset.state = isUp ? "up" : "down";
    setText(heading, name);
    setText(status, isUp ? "up" : "killed");
    status.dataset.state = isUp ? "connected" : "error";
    kill.disabled = !isUp;
    kill.setAttribute("aria-label", `Kill ${name}`);
    const here = this.#panes.filter((pane) => pane.node === name && pane.state === "connected");
    const names = here.map((pane) => pane.who);
    if ([...streams.children].map((chip) => chip.textContent).join() === names.join()) return;
    streams.replaceChildren(...names.map((who) => textElement("li", who)));
  }

  #sumUp() {
    const isCounting = this.#find("#counting").checked;
    const counts = this.#panes.map(({ counts }) => counts);
    const missing = counts.reduce((sum, count) => sum + count.missing, 0);
    const doubled = counts.reduce((sum, count) => sum + count.doubled, 0);
    const last = Math.max(0, ...counts.map((count) => count.last));
    setText(this.#find("#counted"), isCounting ? number.format(last) : "–");
    const verdict = this.#find("#verdict");
    const isWhole = missing + doubled === 0;
    verdict.dataset.state = isCounting ? (isWhole ? "connected" : "error") : "waiting";
    setText(verdict, isCounting ? `${missing} missing, ${doubled} twice` : "not counting");
    setText(this.#find("#clusterTold"), this.#tell(isCounting));
  }

  #tell(isCounting) {
    if (performance.now() < this.#refusal.until) return this.#refusal.text;
    return isCounting ? this.#tellOfKilled() : WHY_NOT_COUNT;
  }

  /** Where the panes of the node that was killed have gone. */
  #tellOfKilled() {
    if (this.#killed === null) return "An event reaches the streams of all nodes, in one order.";
    const { name, panes, left } = this.#killed;
    if (panes.length === 0) return `${name} was killed. It held no stream of this page.`;
    const moves = panes.map((pane) => {
      if (pane.state !== "connected") left.add(pane);
      // Even where it is the same node, which was started again.
      const isBack = pane.state === "connected" && (pane.node !== name || left.has(pane));
      return `${pane.who} → ${isBack ? pane.node : "reconnecting"}`;
    });
    return `${name} was killed: ${moves.join(", ")}.`;
  }

  async #kill(node) {
    try {
      const panes = this.#panes.filter((pane) => pane.node === node && pane.state === "connected");
      await administratorOf(this.#panes, "kill a node").request("api/kill", { node });
      this.#killed = { name: node, panes, left: new Set() };
      this.#refusal = NONE;
      // A page whose streams were all there is told later.
      this.show(this.#nodes.map((one) => (one.name === node ? { ...one, isUp: false } : one)));
    } catch (error) {
      this.#refusal = { text: error.message, until: performance.now() + REFUSAL_MS };
      this.#sumUp();
    }
  }

  #find(selector) {
    return this.#part.querySelector(selector);
  }
}

// So long a refusal stays, although panes change meanwhile.
const REFUSAL_MS = 10_000;
const NONE = { text: "", until: 0 };

const HINT =
  "Three nodes behind nginx. Kill one: its streams move to the others, and no number is missing.";

const WHY_NOT_COUNT =
  "Without numbers, the newest event is yours: promoted now, bob is sent what you sent before.";

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
