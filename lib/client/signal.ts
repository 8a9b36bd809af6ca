import type { Trouble } from "./reconnect-delay.js";

/**
 * The state of a stream. `connecting`: the client has sent its request. `open`: the stream has received `hub:open`.
 * `waiting`: the stream was lost or refused, and will reconnect. `closed`: it will not reconnect.
 */
export type StreamState = "connecting" | "open" | "waiting" | "closed";

/** Why a stream waits, and for how long. */
export interface Waiting extends Trouble {
  /** Milliseconds until the server is asked again. */
  readonly retryMs: number;
}

/** What a stream reports, within a page and between tabs. */
export type Signal = StateSignal | EventSignal | EndSignal;

/** The state has changed. */
export interface StateSignal {
  readonly kind: "state";
  readonly state: StreamState;
  /** The id of the open connection. */
  readonly connection?: string;
  readonly waiting?: Waiting;
}

/** An event was received. */
export interface EventSignal {
  readonly kind: "event";
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
  /** The mark of the tab that the event is not for. */
  readonly except?: string | undefined;
}

/** The server has ended the stream. */
export interface EndSignal {
  readonly kind: "end";
  readonly reason: string;
  readonly isFinal: boolean;
  /** The answer, if it was not a stream. */
  readonly trouble?: Trouble | undefined;
  readonly id: string | undefined;
}
