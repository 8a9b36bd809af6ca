import { hasReached, ofOther } from "./cursor.js";
import { Leader } from "./leader.js";
import { LeaderWatch } from "./leader-watch.js";
import type { LinkOptions } from "./link.js";
import type { Channel } from "./page.js";
import type { OpenedLink, OpenLink, Sharing } from "./sharing.js";
import type { EventSignal, Signal, StateSignal } from "./signal.js";
import { TabLock } from "./tab-lock.js";
import type { Lead, TabMessage, Told } from "./tab-message.js";

// So long the other tabs have to hear that the stream is over, before one of them is given its place.
const LAST_WORD_MS = 1_000;

/**
 * One connection for all tabs of an origin. The tab that holds the lock leads: it has the connection, and
 * tells the others what comes. Each tab keeps its own cursor, so that the next leader goes on exactly
 * where it was itself.
 *
 * A tab that has just come, or has missed something, first has a connection of its own: it gets its
 * verdict, its state and what it missed. As soon as it has read as far as the leader, it follows; unless
 * the leader's connection is another user's, as after a login that no session could tell the hub of:
 * then the leader is told to open it anew, as who is here now.
 */
export class SharedLink {
  /** This tab's place in the log. */
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
  /** True while all there is comes from the leader. Neither leading nor following: it catches up. */
  #isFollowing = false;
  #own: OpenedLink | undefined;
  #isOwnOpen = false;
  /** Known when the tab's own connection has given everything there was. */
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
    // Asks the hub for a tick as soon as the connection has been given all there was.
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
    // A tab that was catching up goes on with the connection it has.
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
    if (!this.#isClosed) this.#channel.postMessage(message);
  }

  // The same place, for somebody else: what there was to begin with is given again.
  #renew(): void {
    this.cursor = ofOther(this.cursor);
    this.#connect();
  }

  /** Takes what came over this tab's own connection. */
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
    // Refused: perhaps there may be no second connection, and the leader's must do.
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
    // Back it never goes: what it has read would come again.
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
      // Another tab that asked for it has it already, or soon.
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
    // It knows what this tab was not told, perhaps because it slept.
    const { cursor } = lead;
    const hasMissed = cursor !== undefined && !hasReached(this.cursor, cursor);
    if (this.#isFollowing && hasMissed) this.#catchUp();
  }

  #onLeaderState(signal: StateSignal): void {
    this.#leader.onState(signal);
    if (this.#isFollowing) this.#dispatch(signal);
    else this.#followIfCaughtUp();
  }

  /** Takes what the leader told, as if it had come over a connection of this tab's own. */
  #takeOver({ signal, after }: Told): void {
    // It was not told everything before that, or the leader has just come, and has state of its own.
    if (!hasReached(this.cursor, after)) {
      this.#catchUp();
      return;
    }
    const { id } = signal;
    const isKnown = hasReached(this.cursor, id);
    const isOfHub = signal.kind === "end" || signal.event.startsWith("hub:");
    if (isKnown && !isOfHub) return;
    // Back it never goes: a new leader may begin with what this tab has read already.
    if (!isKnown || hasReached(id, this.cursor)) this.cursor = id ?? this.cursor;
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
