import { textElement } from "./element.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** What became of a stream since it was last open, as one line: why it was away, its return, what was replayed. */
export class TimeLine {
  #time;
  #list;

  constructor(time, list) {
    this.#time = time;
    this.#list = list;
  }

  begin(text) {
    this.#time.textContent = clock.format(new Date());
    this.#list.replaceChildren();
    this.add(text);
  }

  add(text) {
    this.#list.append(textElement("li", text));
  }
}
