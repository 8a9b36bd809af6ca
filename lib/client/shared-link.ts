import { hasReached, ofOther } from "./cursor.js";
import { Leader } from "./leader.js";
import { LeaderWatch } from "./leader-watch.js";
import type { LinkOptions } from "./link.js";
import type { Channel } from "./page.js";
import type { OpenedLink, OpenLink, Sharing } from "./open-link.js";
import type { EventSignal, Signal, StateSignal } from "./signal.js";
import { TabLock } from "./tab-lock.js";
import type { Lead, TabMessage, Told } from "./tab-message.js";

// How long a leader whose stream has ended for good keeps the lock, so that the other tabs learn of the end first.
const LAST_WORD_MS = 1_000;

/**
 * One connection for all tabs of an origin. The tab that holds the lock is the leader: it has the connection, and
 * forwards everything to the other tabs, which follow. Each tab keeps its own cursor, so that the next leader
 * continues exactly where it was itself.
 *
 * A tab that is new, or has missed something, first opens a connection of its own to receive its verdict, its initial
 * state and what it missed. When it has caught up with the leader, it closes that connection and follows. If the
 * leader's connection belongs to another user, for example after a login, the tab asks the leader to reconnect as the
 * current user.
 */
export class SharedLink {
  /** This tab's cursor. */
  cursor: string | undefined;
  readonly #options: LinkOptions;
  readonly #openLink: OpenLink;
  readonly #tell: (signal: Signal) => void;
  readonly #lock: TabLock;
  readonly #channel: Channel;
  readonly #watch: LeaderWatch;
  readonly #leader = new Leader();
  #state: StateSignal = { kind: "state", state: "connecting" };
  #isLeader = false;
  #isClosed = false;
  /** True while all events come from the leader. A tab that neither leads nor follows is catching up. */
  #isFollowing = false;
  #own: OpenedLink | undefined;
  #isOwnOpen = false;
  /** The audience key of the tab's own connection; set when it has caught up with the log. */
  #audience: string | undefined;
  #hasDoubted = false;

  constructor(
    options: LinkOptions,
    cursor: string | undefined,
    tell: (signal: Signal) => void,
    { name, locks, channel }: Sharing,
    openLink: OpenLink,
  ) {
    const url = new URL(options.url);
    // Asks the hub for a `hub:tick` when the connection has caught up with the log.
    url.searchParams.set("tick", "live");
    this.#options = { ...options, url: url.href };
    this.cursor = cursor;
    this.#openLink = openLink;
    this.#tell = tell;
    this.#channel = channel;
    this.#channel.onmessage = ({ data }) => {
      this.#onMessage(data as TabMessage);
    };
    this.#lock = new TabLock(locks, name, {
      onHeld: this.#lead.bind(this),
      onTaken: this.#stepDown.bind(this),
    });
    this.#watch = new LeaderWatch({
      isLeader: () => this.#isLeader,
      sayLead: this.#sayLead.bind(this),
      ask: this.#say.bind(this, { kind: "ask" }),
      onNoAnswer: this.#lock.steal.bind(this.#lock),
    });
    this.#lock.queue(this.#catchUp.bind(this));
  }

  close(): void {
    this.#isClosed = true;
    this.#isFollowing = false;
    this.#own?.close();
    this.#channel.close();
    this.#watch.close();
    this.#lock.release();
  }

  #lead(): void {
    this.#isLeader = true;
    this.#isFollowing = false;
    this.#watch.onHeard();
    // A tab that is catching up keeps its connection.
    if (this.#own === undefined) this.#connect();
    this.#sayLead();
  }

  #connect(): void {
    this.#open();
    this.#onOwn({ kind: "state", state: "connecting" });
  }

  #open(): void {
    this.#own?.close();
    this.#own = this.#openLink(this.#options, this.cursor, this.#onOwn.bind(this));
    this.#isOwnOpen = false;
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
    this.#audience = undefined;
    this.#leader.forget();
    this.#open();
    this.#watch.ask();
  }

  #sayLead(): void {
    const { cursor } = this;
    this.#say({ kind: "lead", cursor, state: this.#state, audience: this.#audience });
  }

  #say(message: TabMessage): void {
    // A listener may have closed the stream.
    if (this.#isClosed) return;
    try {
      this.#channel.postMessage(message);
    } catch {
      // Firefox before 103 and Safari cannot send an Error.
      this.#channel.postMessage(JSON.parse(JSON.stringify(message, asData)));
    }
  }

  // Reconnects at the same position as another user, so that the hub sends the initial state again.
  #renew(): void {
    this.cursor = ofOther(this.cursor);
    this.#connect();
  }

  /** Handles a signal of this tab's own connection. */
  #onOwn(signal: Signal): void {
    const after = this.cursor;
    const isState = signal.kind === "state";
    const wasOpen = this.#isOwnOpen;
    if (isState) this.#isOwnOpen = signal.state === "open";
    else this.cursor = this.#own?.cursor ?? after;
    if (this.#isLeader) this.#say({ kind: "told", signal, after });
    if (signal.kind === "event") this.#noteAudience(signal);
    this.#dispatch(signal);
    if (this.#isLeader || this.#isClosed) return;
    // The own connection was refused: a limit may not allow a second one, so follow the leader without it.
    if (isState && signal.state === "waiting" && !wasOpen) this.#followUnread();
    else this.#followIfCaughtUp();
  }

  #noteAudience({ event, data }: EventSignal): void {
    if (event === "hub:open") {
      this.#audience = undefined;
      this.#hasDoubted = false;
    }
    if (event !== "hub:tick") return;
    this.#audience = (JSON.parse(data) as { audience?: string }).audience ?? this.#audience;
    if (this.#isLeader) this.#sayLead();
  }

  #followIfCaughtUp(): void {
    const { state, audience, goal } = this.#leader;
    if (state?.state !== "open" || audience === undefined || this.#audience === undefined) return;
    if (!hasReached(this.cursor, goal)) return;
    if (audience === this.#audience) this.#follow();
    else if (!this.#hasDoubted) {
      this.#hasDoubted = true;
      this.#say({ kind: "renew" });
    }
  }

  #followUnread(): void {
    const { state, goal } = this.#leader;
    if (goal === undefined || state?.state !== "open") return;
    // The cursor never moves back, or events would arrive twice.
    if (!hasReached(this.cursor, goal)) this.cursor = goal;
    const { connection } = state;
    const data = JSON.stringify({ connection, recovered: false, reason: "unknown" });
    this.#follow({ kind: "event", event: "hub:open", data, id: this.cursor });
  }

  #follow(verdict?: EventSignal): void {
    this.#own?.close();
    this.#own = undefined;
    this.#isFollowing = true;
    if (this.#leader.state !== undefined) this.#dispatch(this.#leader.state);
    if (verdict !== undefined) this.#dispatch(verdict);
    for (const told of this.#leader.take()) if (this.#isFollowing) this.#takeOver(told);
  }

  #onMessage(message: TabMessage): void {
    const { kind } = message;
    if (this.#isLeader) {
      if (kind === "ask") this.#sayLead();
      // While the leader is reconnecting, a second request is ignored.
      if (kind === "renew" && this.#audience !== undefined) this.#renew();
      return;
    }
    if (kind === "ask" || kind === "renew") return;
    this.#watch.onHeard();
    if (kind === "lead") this.#onLead(message);
    else if (message.signal.kind === "state") this.#onLeaderState(message.signal);
    else if (this.#isFollowing) this.#takeOver(message as Told);
    else this.#leader.keep(message as Told);
  }

  #onLead(lead: Lead): void {
    this.#leader.onLead(lead);
    this.#onLeaderState(lead.state);
    // If the leader is further, this tab has missed messages, perhaps because it was asleep.
    const { cursor } = lead;
    const hasMissed = cursor !== undefined && !hasReached(this.cursor, cursor);
    if (this.#isFollowing && hasMissed) this.#catchUp();
  }

  #onLeaderState(signal: StateSignal): void {
    this.#leader.onState(signal);
    if (this.#isFollowing) this.#dispatch(signal);
    else this.#followIfCaughtUp();
  }

  /** Handles a signal of the leader as if it had arrived over this tab's own connection. */
  #takeOver({ signal, after }: Told): void {
    // This tab has missed signals, or the leader is new and receives its initial state.
    if (!hasReached(this.cursor, after)) {
      this.#catchUp();
      return;
    }
    const { id } = signal;
    const isKnown = hasReached(this.cursor, id);
    const isOfHub = signal.kind === "end" || signal.event.startsWith("hub:");
    if (isKnown && !isOfHub) return;
    // The cursor never moves back: a new leader may begin with events that this tab has already received.
    if (!isKnown || hasReached(id, this.cursor)) this.cursor = id ?? this.cursor;
    this.#dispatch(signal);
  }

  #dispatch(signal: Signal): void {
    if (signal.kind === "state") this.#state = signal;
    this.#tell(signal);
    if (signal.kind !== "end" || !signal.isFinal || this.#isClosed) return;
    // The leader keeps the lock a little longer, so that no other tab leads and asks again.
    if (this.#isLeader) setTimeout(this.close.bind(this), LAST_WORD_MS);
    else this.close();
  }
}

function asData(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}
