const number = new Intl.NumberFormat();

/** Counts along with a server that sends 1, 2, 3 and so on: which number is the last, and whether one is missing or came twice. */
export class CountCheck {
  last = null;
  missing = 0;
  doubled = 0;
  #part;

  /** @param part shows it; hidden until the first number */
  constructor(part) {
    this.#part = part;
  }

  /** A new stream has no cursor, and so does not go on where the one before it ended. */
  beginAnew() {
    this.last = null;
  }

  /** Forgets everything, and shows nothing until the next number. */
  stop() {
    this.last = null;
    this.missing = 0;
    this.doubled = 0;
    this.#part.hidden = true;
  }

  add(count) {
    const last = this.last ?? count - 1;
    if (count > last) {
      this.missing += count - last - 1;
      this.last = count;
    } else {
      this.doubled += 1;
    }
    this.#part.hidden = false;
    this.#part.dataset.state = this.missing + this.doubled === 0 ? "whole" : "broken";
    this.#part.querySelector("b").textContent = number.format(this.last);
    this.#part.querySelector("span").textContent = describe(this);
  }
}

function describe({ missing, doubled }) {
  const twice = doubled === 0 ? "" : `, ${number.format(doubled)} twice`;
  return `${number.format(missing)} missing${twice}`;
}
