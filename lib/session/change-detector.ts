import { sessionKeyOf } from "./session-key.js";
import { fingerprintWith, watchAll, watchUser, type SessionContent, type Watch } from "./watch.js";

// Sessions of which it is known what the other nodes were told last.
const MAX_SESSIONS = 10_000;

/** What other nodes are told of a session that was stored or destroyed. */
export interface SessionNotice {
  readonly kind: "session";
  readonly key: string;
  /** One for each `watch` of the application; none when the session is destroyed. */
  readonly fingerprints: readonly string[];
}

/**
 * Decides what other nodes must hear of sessions that are stored here. Most writes change nothing that
 * a user depends on, and an application that stores a session on every request must not fill the log with that.
 */
export class SessionChangeDetector {
  readonly #watches = new Set<Watch>();
  // Session key → the fingerprints all nodes know, as far as this one has heard.
  readonly #known = new Recent();
  // Session key → the fingerprints of what the store held when this node last looked.
  readonly #stored = new Recent();

  readonly #label: string;

  /** @param label what is told is hashed with, so that who reads the log cannot try out small values */
  constructor(label: string) {
    this.#label = label;
  }

  /** Sessions are looked at with this, too. */
  addWatch(watch: Watch): void {
    this.#watches.add(watch);
  }

  /** A session has been read: `null` where there is none. */
  read(key: string, session: object | null): void {
    this.#stored.set(key, this.#fingerprintsOf(session).join());
  }

  /** What is to be told of a session that has been written, `null` for destroyed; or nothing. */
  noticeOf(key: string, session: object | null): SessionNotice | undefined {
    const fingerprints = this.#fingerprintsOf(session);
    const [known, stored, written] = [this.#known, this.#stored, fingerprints.join()];
    // What all were told is not enough: another node may have told something since, unheard as yet.
    // Yet a node that changes what that one changed has read it before.
    const isSame = known.get(key) === written && stored.get(key) === written;
    stored.set(key, written);
    if (isSame) return undefined;
    const notice: SessionNotice = { kind: "session", key, fingerprints };
    this.heard(notice);
    return notice;
  }

  /** All nodes know this now. */
  heard({ key, fingerprints }: SessionNotice): void {
    this.#known.set(key, fingerprints.join());
  }

  /** Something may have been told that this node has not heard. */
  forget(): void {
    this.#known.clear();
  }

  /** What stands for a fingerprint in what is told. */
  told(fingerprint: string): string {
    return sessionKeyOf(fingerprint, this.#label);
  }

  // A process that serves no streams knows of no watch; the usual ones fit most applications, and
  // where they do not, streams end once more than needed.
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

// A map that forgets what was set longest ago.
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
