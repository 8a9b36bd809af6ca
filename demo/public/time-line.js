import { textElement } from "./element.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** What became of a stream since it was last open, as one line: why it was away, its return, what was replayed. */
export class TimeLine {
  #list;

  constructor(list) {
    this.#list = list;
  }

  begin(text) {
    this.#list.replaceChildren(textElement("time", clock.format(new Date())));
    this.add(text);
  }

  add(text) {
    this.#list.append(textElement("li", text));
  }
}
