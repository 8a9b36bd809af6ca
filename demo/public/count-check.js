const number = new Intl.NumberFormat();

/**
 * Counts along with a server that sends 1, 2, 3 and so on, and shows which node the page is on, how many
 * came, and whether one is missing or doubled.
 */
export class CountCheck {
  #part;
  #nodes = [];
  #last = null;
  #counted = 0;
  #missing = 0;
  #doubled = 0;

  /** @param part of the page; shown from the first node on */
  constructor(part) {
    this.#part = part;
  }

  moveTo(node) {
    this.#part.hidden = false;
    this.#nodes.push(node);
    this.#show("node", node);
    const before = this.#nodes.slice(0, -1).slice(-3).reverse();
    this.#show("nodesBefore", before.length === 0 ? "none" : before.join(", "));
  }

  /** What comes next has nothing to do with what came: the page has just been told so. */
  beginAnew() {
    this.#last = null;
  }

  add(count) {
    const last = this.#last ?? count - 1;
    if (count > last) {
      this.#counted += 1;
      this.#missing += count - last - 1;
      this.#last = count;
    } else {
      this.#doubled += 1;
    }
    this.#showCounts();
  }

  #showCounts() {
    this.#show("counted", number.format(this.#counted));
    this.#show("missing", number.format(this.#missing));
    this.#show("doubled", number.format(this.#doubled));
    const isWhole = this.#missing + this.#doubled === 0;
    this.#show("verdict", isWhole ? "All there, each once." : "Not what was sent.");
    this.#part.querySelector("#verdict").dataset.state = isWhole ? "connected" : "error";
  }

  #show(id, text) {
    this.#part.querySelector(`#${id}`).textContent = text;
  }
}
