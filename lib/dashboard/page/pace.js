// 10 000 are asked for every two seconds, a few every second.
const MS_PER_ONE = 0.2;
const SLACK_MS = 200;

/** Says when something is due again whose answer takes longer the more there are. */
export class Pace {
  #notBefore = 0;

  get isDue() {
    return Date.now() >= this.#notBefore;
  }

  /** An answer was about so many. */
  note(count) {
    this.#notBefore = Date.now() + Math.max(0, count * MS_PER_ONE - SLACK_MS);
  }
}
