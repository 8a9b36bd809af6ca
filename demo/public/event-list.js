// A page that is left open for a week must not grow with every event.
const MAX_ROWS = 200;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Shows events in an ordered list, newest first, and forgets the oldest. */
export class EventList {
  #list;

  constructor(list) {
    this.#list = list;
  }

  add(name, text) {
    const now = new Date();
    const time = textElement("time", clock.format(now));
    time.dateTime = now.toISOString();
    const row = document.createElement("li");
    row.append(time, textElement("strong", name), textElement("span", text));
    this.#list.prepend(row);
    while (this.#list.childElementCount > MAX_ROWS) this.#list.lastElementChild.remove();
  }
}

/** What came over the network is text, whatever it looks like. */
function textElement(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
