import { textElement } from "./element.js";

// A page that is left open for a week must not grow with every event.
const MAX_ROWS = 200;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Shows events in an ordered list, newest first, and forgets the oldest. */
export class EventList {
  #list;
  #audiences = new Map();

  constructor(list) {
    this.#list = list;
  }

  /** @param how `live` or `replayed` */
  add({ event, data, id }, how, node) {
    const now = new Date();
    const time = textElement("time", clock.format(now));
    time.dateTime = now.toISOString();
    const row = document.createElement("li");
    row.dataset.id = id;
    row.dataset.how = how;
    const facts = textElement("small", "", "facts");
    facts.append(
      textElement("b", this.#audiences.get(id) ?? "", "audience"),
      textElement("b", how, "how"),
    );
    if (node !== null) facts.append(textElement("b", node, "node"));
    facts.append(textElement("code", id));
    row.append(textElement("strong", event), textElement("span", textOf(data)), time, facts);
    this.#list.prepend(row);
    while (this.#list.childElementCount > MAX_ROWS) this.#list.lastElementChild.remove();
  }

  /** Shows who the event of that id is for, be it here already or replayed later. */
  addAudience(id, audience) {
    this.#audiences.set(id, `to ${audience}`);
    if (this.#audiences.size > MAX_ROWS)
      this.#audiences.delete(this.#audiences.keys().next().value);
    for (const row of this.#list.children) {
      if (row.dataset.id === id) row.querySelector(".audience").textContent = `to ${audience}`;
    }
  }

  /** From now on, what is shown was received by somebody else. */
  markAsOf(login) {
    for (const row of this.#list.querySelectorAll("li:not([data-of])")) {
      row.dataset.of = login;
      row.querySelector(".facts").prepend(textElement("b", `received as ${login}`, "of"));
    }
  }

  /** Forgets what somebody else received. */
  clearMarked() {
    for (const row of this.#list.querySelectorAll("li[data-of]")) row.remove();
  }
}

function textOf(data) {
  return typeof data === "object" ? JSON.stringify(data) : String(data);
}
