import { userName, element } from "./dom.js";
import { sizeOf, timeOf } from "./numbers.js";

// As many as somebody looks through.
const KEPT = 200;
// A payload above this is opened by whoever wants to read it.
const SHORT = 160;

/** A list of entries of the log that moves: the newest on top. It can be held. */
export class EntryList {
  /** The place in the log up to which everything was shown. */
  at = "";
  #list;
  #empty;
  #pause;
  #isHeld = false;

  /** @param parts `list` and `pause`, elements, and `empty`, a text */
  constructor({ list, pause, empty }) {
    this.#list = list;
    this.#empty = empty;
    this.#pause = pause;
    pause.addEventListener("click", () => {
      this.#isHeld = !this.#isHeld;
      pause.textContent = this.#isHeld ? "Go on" : "Pause";
    });
    this.clear();
  }

  /** True while somebody reads: nothing is to be shown, nor asked for. */
  get isHeld() {
    return this.#isHeld;
  }

  clear() {
    this.at = "";
    this.#isHeld = false;
    this.#pause.textContent = "Pause";
    this.#list.replaceChildren(element("li", this.#empty, "empty"));
  }

  /** Shows what has come, unless the list is held: it is asked for again then. */
  add({ at, isAnew, entries, left }) {
    if (this.#isHeld) return;
    const isFirst = this.at === "";
    this.at = at;
    if (entries.length > 0) this.#list.querySelector(".empty")?.remove();
    if (isAnew && !isFirst) {
      this.#list.prepend(element("li", "What came in between is not shown.", "left"));
    } else if (left > 0 && !isFirst) {
      this.#list.prepend(element("li", `${left.toLocaleString("en")} more, not shown`, "left"));
    }
    this.#list.prepend(...entries.toReversed().map(itemOf));
    while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
  }
}

function itemOf(entry) {
  const { id, time, event, bytes, isVolatile, sentBy, data, isCut = false } = entry;
  const item = element("li");
  item.append(
    element("time", time === null ? "" : timeOf(time)),
    element("span", event, "name"),
    element("span", sizeOf(bytes), "count"),
    element("code", isVolatile ? "volatile" : id),
  );
  if (sentBy !== undefined) {
    const by = sentBy === null ? "" : ` by ${userName(sentBy)}`;
    const mark = element("span", `from a dashboard${by}`, "mark");
    if (sentBy !== null) mark.title = JSON.stringify(sentBy);
    item.append(mark);
  }
  item.append(element("code", audienceOf(entry), "to"));
  if (data !== undefined && data !== "") item.append(payloadOf(isCut ? `${data} …` : data));
  return item;
}

function payloadOf(text) {
  if (text.length <= SHORT) return element("pre", text);
  const details = element("details");
  details.append(element("summary", `${text.slice(0, SHORT)} …`), element("pre", text));
  return details;
}

function audienceOf({ rooms, filter, except }) {
  const parts = [
    rooms === null ? [] : [`rooms ${rooms.join(", ")}`],
    filter === null ? [] : [typeof filter === "string" ? `a ${filter}` : JSON.stringify(filter)],
    except === null ? [] : [`not ${except}`],
  ].flat();
  return `to ${parts.length === 0 ? "everybody" : parts.join(", ")}`;
}
