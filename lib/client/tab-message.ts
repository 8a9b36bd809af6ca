import type { EndSignal, EventSignal, Signal, StateSignal } from "./signal.js";

/**
 * What tabs of one origin say to each other. Two of them may run two releases: where this changes, the
 * channel needs another name.
 */
export type TabMessage =
  /** Is there a tab with the connection? */
  | { readonly kind: "ask" }
  /** You have the connection, but as somebody else than who is here now: open it anew. */
  | { readonly kind: "renew" }
  | Lead
  | Told<Signal>;

/** I have the connection. */
export interface Lead {
  readonly kind: "lead";
  /** I have read up to here. */
  readonly cursor: string | undefined;
  readonly state: StateSignal;
  /** What the hub calls those who hear the same; `undefined` before it has said so. */
  readonly audience: string | undefined;
}

/** This came over the connection. */
export interface Told<S extends Signal = EventSignal | EndSignal> {
  readonly kind: "told";
  readonly signal: S;
  /** I had read up to here before. Who had not has missed something. */
  readonly after: string | undefined;
}
