import { memoryLog, type EventLog, type LogFollower } from "express-sse-hub";
import { logWith } from "./log-with.js";

/** A log in memory that may lose entries, as one on a server may. */
export class BreakableLog {
  readonly log: EventLog;
  #memory = memoryLog();
  #follower: LogFollower | undefined;

  constructor() {
    this.log = logWith(() => this.#memory, {
      follow: (follower) => {
        this.#follower = follower;
        return this.#memory.follow(follower);
      },
    });
  }

  /** Tells the hub that entries are lost, perhaps notices of other nodes. */
  loseEntries(): void {
    this.#follower?.onBreak();
  }

  /** Begins again with nothing in it, and tells the hub. */
  restart(): void {
    this.#memory = memoryLog();
    if (this.#follower !== undefined) this.#memory.follow(this.#follower);
    this.loseEntries();
  }
}
