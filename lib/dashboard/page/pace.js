// Updates do not come to the millisecond.
const SLACK_MS = 200;

/** Says when something is due again whose answer takes longer the more there are. */
export class Pace {
  #msPerOne;
  #notBefore = 0;

  /** @param msPerOne milliseconds to wait for each of them */
  constructor(msPerOne) {
    this.#msPerOne = msPerOne;
  }

  get isDue() {
    return Date.now() >= this.#notBefore;
  }

  /** An answer was about so many. */
  note(count) {
    this.#notBefore = Date.now() + Math.max(0, count * this.#msPerOne - SLACK_MS);
  }
}
