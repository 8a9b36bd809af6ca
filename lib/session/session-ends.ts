import type { StreamConnection } from "../connection/stream-connection.js";
import { Counts } from "../diagnostics/counts.js";
import type { SessionEndCause } from "./session-end-cause.js";

/** Called with the connections of one session that have ended, and why. */
export type OnSessionEnd = (
  cause: SessionEndCause,
  connections: readonly StreamConnection[],
) => void;

/** Counts and reports the sessions whose streams the hub has ended. */
export class SessionEnds {
  readonly #counts = new Counts<SessionEndCause>();
  readonly #onSessionEnd: OnSessionEnd;

  constructor(onSessionEnd: OnSessionEnd) {
    this.#onSessionEnd = onSessionEnd;
  }

  /** How many sessions there were so far, by cause. A stream without a session or credential counts as one. */
  get counts(): Readonly<Partial<Record<SessionEndCause, number>>> {
    return this.#counts.all;
  }

  /** Takes note of connections that have ended together. */
  note(cause: SessionEndCause, connections: readonly StreamConnection[]): void {
    for (const ofSession of bySession(connections)) {
      this.#counts.add(cause);
      this.#onSessionEnd(cause, ofSession);
    }
  }
}

function bySession(connections: readonly StreamConnection[]): Iterable<StreamConnection[]> {
  const groups = new Map<unknown, StreamConnection[]>();
  for (const connection of connections) {
    const key = connection.session?.key ?? connection.credential?.key ?? connection;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [connection]);
    else group.push(connection);
  }
  return groups.values();
}
