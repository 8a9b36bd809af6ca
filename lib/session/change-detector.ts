import { sessionKeyOf } from "./session-key.js";
import { fingerprintWith, watchAll, watchUser, type SessionContent, type Watch } from "./watch.js";

// The number of sessions whose last notice to the other nodes is remembered.
const MAX_SESSIONS = 10_000;

/** The notice that a session was stored or destroyed, for the other nodes. */
export interface SessionNotice {
  readonly kind: "session";
  readonly key: string;
  /** One for each `watch` function of the application; empty if the session was destroyed. */
  readonly fingerprints: readonly string[];
}

/**
 * Decides which session writes of this node the other nodes must be informed of. Most writes change nothing that
 * a user depends on, and an application that stores a session on every request must not fill the log with notices.
 */
export class SessionChangeDetector {
  readonly #watches = new Set<Watch>();
  // Session key → the fingerprints of the last notice that this node has sent or received.
  readonly #known = new Recent();
  // Session key → the fingerprints of the session as this node last read it from the store or wrote it.
  readonly #stored = new Recent();

  readonly #label: string;

  /** @param label the key with which fingerprints are hashed, so that a reader of the log cannot guess small values */
  constructor(label: string) {
    this.#label = label;
  }

  /** Adds a function whose result the user depends on. */
  addWatch(watch: Watch): void {
    this.#watches.add(watch);
  }

  /** Call it when a session was read from the store; `null` if the store has none. */
  read(key: string, session: object | null): void {
    this.#stored.set(key, this.#fingerprintsOf(session).join());
  }

  /** The notice for a session that was written, or destroyed (`null`); `undefined` if no notice is needed. */
  noticeOf(key: string, session: object | null): SessionNotice | undefined {
    const fingerprints = this.#fingerprintsOf(session);
    const [known, stored, written] = [this.#known, this.#stored, fingerprints.join()];
    // Comparing with the last notice is not enough: another node may have sent one that is not here yet. But a request
    // on this node that undoes such a change has read the changed session from the store first.
    const isSame = known.get(key) === written && stored.get(key) === written;
    stored.set(key, written);
    if (isSame) return undefined;
    const notice: SessionNotice = { kind: "session", key, fingerprints };
    this.heard(notice);
    return notice;
  }

  /** Call it when another node has sent this notice. */
  heard({ key, fingerprints }: SessionNotice): void {
    this.#known.set(key, fingerprints.join());
  }

  /** Call it when this node may have missed notices. */
  forget(): void {
    this.#known.clear();
  }

  /** The fingerprint in the form in which a notice contains it. */
  told(fingerprint: string): string {
    return sessionKeyOf(fingerprint, this.#label);
  }

  // A process that serves no streams has no watch function. It uses the defaults, which fit most applications. If they
  // do not fit, streams on the other nodes end although their user has not changed.
  #fingerprintsOf(session: object | null): string[] {
    if (session === null) return [];
    const watches = this.#watches.size > 0 ? [...this.#watches] : [watchUser, watchAll];
    return watches.map((watch) => {
      try {
        return this.told(fingerprintWith(watch, session as SessionContent));
      } catch {
        return "";
      }
    });
  }
}

// A map that drops the entry that was set longest ago when it is full.
class Recent {
  readonly #entries = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: string): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_SESSIONS && oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }
}
