import type { EndSignal, EventSignal, Signal, StateSignal } from "./signal.js";

/**
 * The messages between tabs of one origin. Two tabs may run different releases, so if you change this, change the name
 * of the channel too.
 */
export type TabMessage =
  /** Asks the leader, the tab with the connection, to report. */
  | { readonly kind: "ask" }
  /** Asks the leader to reconnect, because its connection belongs to another user than the current one. */
  | { readonly kind: "renew" }
  | Lead
  | Told<Signal>;

/** The leader reports. */
export interface Lead {
  readonly kind: "lead";
  /** The cursor of the leader. */
  readonly cursor: string | undefined;
  readonly state: StateSignal;
  /** The audience key of the leader; `undefined` until the hub has sent it. */
  readonly audience: string | undefined;
}

/** The leader forwards a signal of its connection. */
export interface Told<S extends Signal = EventSignal | EndSignal> {
  readonly kind: "told";
  readonly signal: S;
  /** The cursor of the leader before this signal. A tab that has not reached it has missed something. */
  readonly after: string | undefined;
}
