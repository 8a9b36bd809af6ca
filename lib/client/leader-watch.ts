import { onComeBack } from "./page.js";

// How often the leader reports, and after what time without a report the others ask it.
const BEAT_MS = 20_000;
const SILENCE_MS = 60_000;
// How long the leader may take to answer. A tab that is not asleep answers within milliseconds.
const ANSWER_MS = 2_000;

/** The tab that a {@link LeaderWatch} works for. */
export interface WatchedTab {
  isLeader(): boolean;
  /** Tells the other tabs that this tab is the leader. */
  sayLead(): void;
  /** Asks the leader to report. */
  ask(): void;
  /** The leader did not answer. */
  onNoAnswer(): void;
}

/** Notices that the leader, the tab with the connection, is gone or asleep. */
export class LeaderWatch {
  readonly #tab: WatchedTab;
  readonly #beating: ReturnType<typeof setInterval>;
  readonly #forget: () => void;
  #heardAt = Date.now();
  #answer: ReturnType<typeof setTimeout> | undefined;

  constructor(tab: WatchedTab) {
    this.#tab = tab;
    this.#beating = setInterval(this.#beat.bind(this), BEAT_MS);
    this.#forget = onComeBack(this.ask.bind(this));
  }

  /** Asks the leader to report, and gives it two seconds to answer. */
  ask(): void {
    if (this.#tab.isLeader()) return;
    this.#tab.ask();
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => {
      this.#tab.onNoAnswer();
    }, ANSWER_MS);
  }

  /** The leader has sent a message. */
  onHeard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#answer);
  }

  close(): void {
    clearInterval(this.#beating);
    clearTimeout(this.#answer);
    this.#forget();
  }

  #beat(): void {
    if (this.#tab.isLeader()) this.#tab.sayLead();
    else if (Date.now() - this.#heardAt > SILENCE_MS) this.ask();
  }
}
