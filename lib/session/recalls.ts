import type { User } from "../user/user.js";

/** Why connections are recalled by a matcher. */
export type RecallReason = "refresh" | "stop";

// Longer than almost any request takes from asking for its user to the open stream.
const KEEP_MS = 60_000;

interface Recall {
  readonly serial: number;
  readonly at: number;
  readonly reason: RecallReason;
  readonly test: (user: User) => boolean;
}

/**
 * The recalls of the last minute. If the user of a request was asked for before a recall, the request must not become
 * a stream after it. So the request keeps the serial of that moment, and its user is compared with all later recalls.
 */
export class Recalls {
  #serial = 0;
  #recalls: Recall[] = [];
  // The serial of the newest recall that is no longer kept.
  #forgotten = 0;

  /** Grows with each recall. */
  get serial(): number {
    return this.#serial;
  }

  add(reason: RecallReason, test: (user: User) => boolean): void {
    const oldest = Date.now() - KEEP_MS;
    for (const { serial, at } of this.#recalls) {
      if (at < oldest) this.#forgotten = serial;
    }
    this.#recalls = this.#recalls.filter(({ at }) => at >= oldest);
    this.#serial += 1;
    this.#recalls.push({ serial: this.#serial, at: Date.now(), reason, test });
  }

  /**
   * Why a user that was asked for at that serial is refused a stream; `undefined` if it is not refused. If a recall since
   * was forgotten, it may have been for this user, so the user is asked for again.
   */
  since(serial: number, user: User | undefined): RecallReason | undefined {
    if (user === undefined || serial === this.#serial) return undefined;
    if (serial < this.#forgotten) return "refresh";
    const reasons = this.#recalls
      .filter((recall) => recall.serial > serial && recall.test(user))
      .map(({ reason }) => reason);
    return reasons.find((reason) => reason === "stop") ?? reasons[0];
  }
}
