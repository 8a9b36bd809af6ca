import { onComeBack } from "./page.js";

// How often the tab with the connection says that it is there, and after which time it is asked.
const BEAT_MS = 20_000;
const SILENCE_MS = 60_000;
// A tab that is awake answers within milliseconds.
const ANSWER_MS = 2_000;

/** What a {@link LeaderWatch} asks of its tab. */
export interface WatchedTab {
  isLeader(): boolean;
  /** Says that this tab has the connection. */
  sayLead(): void;
  /** Asks whether there is a tab with the connection. */
  ask(): void;
  /** The tab that was asked did not answer. */
  onNoAnswer(): void;
}

/** Notices that the tab with the connection is gone, or that its system has put it to sleep. */
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

  /** Asks the tab with the connection, and gives it two seconds to answer. */
  ask(): void {
    if (this.#tab.isLeader()) return;
    this.#tab.ask();
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => {
      this.#tab.onNoAnswer();
    }, ANSWER_MS);
  }

  /** The tab with the connection has said something. */
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
