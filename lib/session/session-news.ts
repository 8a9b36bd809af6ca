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
 * a user depends on, and whoever stores a session on every request is not to fill the log with that.
 */
export class SessionNews {
  readonly #watches = new Set<Watch>();
  // Session key → the fingerprints all nodes know; the longest unused first.
  readonly #known = new Map<string, string>();

  /** Sessions are looked at with this, too. */
  addWatch(watch: Watch): void {
    this.#watches.add(watch);
  }

  /** What is to be told of a session that has been written, `null` for destroyed; or nothing. */
  noticeOf(key: string, session: object | null): SessionNotice | undefined {
    const fingerprints = session === null ? [] : this.#fingerprintsOf(session as SessionContent);
    if (this.#known.get(key) === fingerprints.join()) return undefined;
    const notice: SessionNotice = { kind: "session", key, fingerprints };
    this.heard(notice);
    return notice;
  }

  /** All nodes know this now. */
  heard({ key, fingerprints }: SessionNotice): void {
    this.#known.delete(key);
    this.#known.set(key, fingerprints.join());
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_SESSIONS && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Something may have been told that this node has not heard. */
  forget(): void {
    this.#known.clear();
  }

  // A process that serves no streams knows of no watch; the usual ones fit most applications, and
  // where they do not, streams end once more than needed.
  #fingerprintsOf(session: SessionContent): string[] {
    const watches = this.#watches.size > 0 ? [...this.#watches] : [watchUser, watchAll];
    return watches.map((watch) => {
      try {
        return fingerprintWith(watch, session);
      } catch {
        return "";
      }
    });
  }
}
