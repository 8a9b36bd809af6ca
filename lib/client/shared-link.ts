import { hasReached } from "./cursor.js";
import { Link, type LinkOptions } from "./link.js";
import { onComeBack, page, type Channel, type LockManager } from "./page.js";
import type { EndSignal, EventSignal, Signal, StateSignal } from "./signal.js";
import { TabLock } from "./tab-lock.js";

// How often the tab with the connection says that it is there, and after which time it is asked.
const BEAT_MS = 20_000;
const SILENCE_MS = 60_000;
// A tab that is awake answers within milliseconds.
const ANSWER_MS = 2_000;
// So long the other tabs have to hear that the stream is over, before one of them is given its place.
const LAST_WORD_MS = 1_000;
// A tab that cannot catch up keeps no more than so many events.
const MAX_HEARD = 1_000;

/** What tabs say to each other. */
type Message =
  /** Is there a tab with the connection? */
  | { readonly kind: "ask" }
  /** I have the connection, and have read up to this cursor. */
  | { readonly kind: "lead"; readonly cursor: string | undefined; readonly state: StateSignal }
  | { readonly kind: "signal"; readonly signal: Signal };

/** What a page must offer for a connection to be shared. */
export interface SharingPage {
  readonly locks: LockManager;
  readonly BroadcastChannel: new (name: string) => Channel;
}

/** What this page offers, or `undefined` where each tab has to have a connection of its own. */
export function findSharing(): SharingPage | undefined {
  const { navigator, BroadcastChannel } = page;
  if (navigator?.locks === undefined || BroadcastChannel === undefined) return undefined;
  return { locks: navigator.locks, BroadcastChannel };
}

/**
 * One connection for all tabs of an origin. The tab that holds the lock leads: it has the connection, and
 * tells the others what comes. Each tab keeps its own cursor, so that whoever leads next goes on exactly
 * where it was itself.
 *
 * A tab that has just come, or has missed something, first has a connection of its own: it gets its
 * verdict, its state and what it missed. As soon as it has read as far as the leader, it follows.
 */
export class SharedLink {
  readonly #options: LinkOptions;
  readonly #tell: (signal: Signal) => void;
  readonly #lock: TabLock;
  readonly #channel: Channel;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #forget: () => void;
  #cursor: string | undefined;
  #state: StateSignal = { kind: "state", state: "connecting" };
  #isLeader = false;
  #isClosed = false;
  /** True while all there is comes from the leader. Neither leading nor following: it catches up. */
  #isFollowing = false;
  #own: Link | undefined;
  /** True when the tab's own connection has given everything there was. */
  #isLive = false;
  /** While the tab has to catch up: what the leader said after this cursor. */
  #goal: string | undefined;
  #heard: Array<EventSignal | EndSignal> = [];
  #leaderState: StateSignal | undefined;
  #heardAt = Date.now();
  #answer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    options: LinkOptions,
    cursor: string | undefined,
    tell: (signal: Signal) => void,
    { locks, BroadcastChannel }: SharingPage,
  ) {
    this.#options = options;
    this.#cursor = cursor;
    this.#tell = tell;
    const name = `express-sse-hub ${options.url} ${String(options.withCredentials)}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      this.#onMessage(data as Message);
    };
    this.#lock = new TabLock(locks, name, {
      onHeld: this.#lead.bind(this),
      onTaken: this.#stepDown.bind(this),
    });
    this.#watch = setInterval(this.#beat.bind(this), BEAT_MS);
    // The leader may be a tab that its system has put to sleep.
    this.#forget = onComeBack(this.#ask.bind(this));
    this.#lock.queue(this.#catchUp.bind(this));
  }

  close(): void {
    this.#isClosed = true;
    this.#own?.close();
    this.#channel.close();
    clearInterval(this.#watch);
    clearTimeout(this.#answer);
    this.#forget();
    this.#lock.release();
  }

  #lead(): void {
    this.#isLeader = true;
    this.#isFollowing = false;
    clearTimeout(this.#answer);
    // A tab that was catching up goes on with the connection it has.
    if (this.#own === undefined) {
      this.#own = new Link(this.#options, this.#cursor, this.#onOwn.bind(this));
      this.#dispatch({ kind: "state", state: "connecting" });
    }
    this.#sayLead();
  }

  #stepDown(): void {
    if (this.#isClosed) return;
    this.#isLeader = false;
    this.#own?.close();
    this.#own = undefined;
    this.#lock.queue(this.#catchUp.bind(this));
  }

  #catchUp(): void {
    if (this.#isClosed) return;
    this.#isFollowing = false;
    this.#isLive = false;
    this.#goal = undefined;
    this.#heard = [];
    const url = new URL(this.#options.url);
    // Asks the hub for a tick as soon as the connection has been given all there was.
    url.searchParams.set("tick", "live");
    const options = { ...this.#options, url: url.href };
    this.#own = new Link(options, this.#cursor, this.#onOwn.bind(this));
    this.#ask();
  }

  #ask(): void {
    if (this.#isLeader) return;
    this.#channel.postMessage({ kind: "ask" } satisfies Message);
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => {
      this.#lock.steal();
    }, ANSWER_MS);
  }

  #beat(): void {
    if (this.#isLeader) this.#sayLead();
    else if (Date.now() - this.#heardAt > SILENCE_MS) this.#ask();
  }

  #sayLead(): void {
    const [cursor, state] = [this.#cursor, this.#state];
    this.#channel.postMessage({ kind: "lead", cursor, state } satisfies Message);
  }

  /** Takes what came over this tab's own connection. */
  #onOwn(signal: Signal): void {
    this.#cursor = this.#own?.cursor ?? this.#cursor;
    if (this.#isLeader) this.#channel.postMessage({ kind: "signal", signal } satisfies Message);
    this.#dispatch(signal);
    if (this.#isLeader || this.#isClosed) return;
    if (signal.kind === "event" && signal.event === "hub:tick") this.#isLive = true;
    // Refused: perhaps there may be no second connection, and the leader's must do.
    if (signal.kind === "state" && signal.state === "waiting") this.#followUnread();
    else this.#followIfCaughtUp();
  }

  #followIfCaughtUp(): void {
    const isLed = this.#leaderState?.state === "open";
    if (isLed && this.#isLive && hasReached(this.#cursor, this.#goal)) this.#follow();
  }

  #followUnread(): void {
    if (this.#goal === undefined || this.#leaderState?.state !== "open") return;
    const id = (this.#cursor = this.#goal);
    const { connection } = this.#leaderState;
    const data = JSON.stringify({ connection, recovered: false, reason: "unknown" });
    this.#heard.unshift({ kind: "event", event: "hub:open", data, id });
    this.#follow();
  }

  #follow(): void {
    this.#own?.close();
    this.#own = undefined;
    this.#isFollowing = true;
    if (this.#leaderState !== undefined) this.#dispatch(this.#leaderState);
    for (const signal of this.#heard.splice(0)) this.#takeOver(signal);
  }

  #onMessage(message: Message): void {
    if (this.#isLeader) {
      if (message.kind === "ask") this.#sayLead();
      return;
    }
    if (message.kind === "ask") return;
    this.#heardAt = Date.now();
    clearTimeout(this.#answer);
    if (message.kind === "lead") this.#onLead(message);
    else if (message.signal.kind === "state") this.#onLeaderState(message.signal);
    else if (this.#isFollowing) this.#takeOver(message.signal);
    else this.#keep(message.signal);
  }

  #onLead({ cursor, state }: Extract<Message, { kind: "lead" }>): void {
    this.#goal ??= cursor;
    this.#onLeaderState(state);
    if (!this.#isFollowing) return;
    // It knows what this tab was not told, perhaps because it slept.
    if (cursor !== undefined && !hasReached(this.#cursor, cursor)) this.#catchUp();
  }

  #onLeaderState(signal: StateSignal): void {
    this.#leaderState = signal;
    if (this.#isFollowing) this.#dispatch(signal);
    else this.#followIfCaughtUp();
  }

  #keep(signal: EventSignal | EndSignal): void {
    // A leader that had no cursor when it was asked has one from here on.
    if (signal.kind === "event" && signal.event === "hub:open") this.#goal ??= signal.id;
    this.#heard.push(signal);
    if (this.#heard.length < MAX_HEARD) return;
    this.#goal = this.#heard.findLast(({ id }) => id !== undefined)?.id ?? this.#goal;
    this.#heard = [];
  }

  /** Takes what the leader told, as if it had come over a connection of this tab's own. */
  #takeOver(signal: EventSignal | EndSignal): void {
    const { id } = signal;
    const isKnown = hasReached(this.#cursor, id);
    const isOfHub = signal.kind === "end" || signal.event.startsWith("hub:");
    if (isKnown && !isOfHub) return;
    // Back it never goes: a new leader may begin with what this tab has read already.
    if (!isKnown || hasReached(id, this.#cursor)) this.#cursor = id ?? this.#cursor;
    this.#dispatch(signal);
  }

  #dispatch(signal: Signal): void {
    if (signal.kind === "state") this.#state = signal;
    this.#tell(signal);
    if (signal.kind !== "end" || !signal.isFinal || this.#isClosed) return;
    // The others hear of it before one of them is given this one's place, and asks again.
    if (this.#isLeader) setTimeout(this.close.bind(this), LAST_WORD_MS);
    else this.close();
  }
}
