import type { StreamConnection } from "../connection/stream-connection.js";
import { Counts } from "../counts.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";

/** Why the streams of a session have ended, since what they were tagged with holds no longer. */
export type SessionEndCause =
  /** The session was destroyed: a logout. */
  | "destroyed"
  /** It was stored with another user: a login, another profile. */
  | "changed"
  /** Another node has destroyed or changed it. */
  | "elsewhere"
  /** Its time is over, or that of its user (`expiresAt`). */
  | "expired"
  /** It was read again, and was another one or not there. */
  | "revalidated"
  /** The store failed to give it, and `onStoreError` is `"end"`. */
  | "store"
  /** `refresh()`, on any node. */
  | "refresh"
  /** `disconnect()`, on any node. */
  | "disconnect"
  /** The log has lost something, perhaps the news of a change. These streams end one by one. */
  | "break";

/** The sessions whose streams have ended before their time. */
export class SessionEnds {
  readonly #counts = new Counts<SessionEndCause>();
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  /** How many there were so far, by cause. A stream without a session counts as one. */
  get counts(): Readonly<Partial<Record<SessionEndCause, number>>> {
    return this.#counts.all;
  }

  /** Takes note of connections that have ended together. */
  note(cause: SessionEndCause, connections: readonly StreamConnection[]): void {
    for (const ofSession of bySession(connections)) {
      this.#counts.add(cause);
      this.#diagnostics.sessionEnd(cause, ofSession);
    }
  }
}

function bySession(connections: readonly StreamConnection[]): Iterable<StreamConnection[]> {
  const groups = new Map<unknown, StreamConnection[]>();
  for (const connection of connections) {
    const key = connection.session?.key ?? connection;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [connection]);
    else group.push(connection);
  }
  return groups.values();
}
