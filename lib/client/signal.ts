import type { Trouble } from "./return-delay.js";

/**
 * What becomes of a stream: `connecting`, the server was asked; `open`, it is in the hub's audience;
 * `waiting`, it was lost or refused and returns by itself; `closed`, it does not return.
 */
export type StreamState = "connecting" | "open" | "waiting" | "closed";

/** Why a stream waits, and for how long. */
export interface Waiting extends Trouble {
  /** Milliseconds until the server is asked again. */
  readonly retryMs: number;
}

/** What one stream tells, within a page and from tab to tab. */
export type Signal = StateSignal | EventSignal | EndSignal;

/** The state has changed. */
export interface StateSignal {
  readonly kind: "state";
  readonly state: StreamState;
  /** The connection that is open. */
  readonly connection?: string;
  readonly waiting?: Waiting;
}

/** An event came. */
export interface EventSignal {
  readonly kind: "event";
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
  /** Marks the tab that it is not for. */
  readonly except?: string | undefined;
}

/** The server has said why it ends the stream. */
export interface EndSignal {
  readonly kind: "end";
  readonly reason: string;
  readonly isFinal: boolean;
  /** What was answered instead of a stream. */
  readonly trouble?: Trouble | undefined;
  readonly id: string | undefined;
}
