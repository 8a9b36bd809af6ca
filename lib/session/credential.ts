import type { StreamConnection } from "../connection/stream-connection.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { Identity } from "./identity.js";

/**
 * How long a request may be on its way with a value that the browser has given up: so long is known
 * what became of it.
 */
export const KEEP_MS = 60_000;

// Of one credential; more than a browser has requests under way in that time.
const MAX_KEYS = 1_000;

/**
 * One credential over all the values it has had. A browser that has several requests under way may end
 * up with any of the values that their responses set. So a value is forgotten only when a later one
 * was set, and a minute after it was last seen.
 */
export class Credential {
  readonly connections = new Set<StreamConnection>();
  /** Names it for as long as it is known, whatever its value. */
  readonly id: string;
  /** The key of the newest value. */
  newest: string;
  /** The browser was told to forget it. */
  isGone = false;
  /** Who its newest value stands for, once it was changed; `null` for what nobody can be the same as. */
  identity: Identity | null = null;
  /** When the value changed last; 0 for never. */
  changedAt = 0;
  /** Changes of which it is not known yet whom the new value stands for. */
  pending = 0;
  /** What is verified. */
  link: CredentialLink | null = null;
  verifyAt = Infinity;
  isBeingVerified = false;
  /** Set when two turned out to be one. */
  mergedInto: Credential | undefined;
  // Key → when it was last seen, oldest first.
  readonly #keys = new Map<string, number>();

  constructor(key: string) {
    this.id = key;
    this.newest = key;
    this.see(key);
  }

  get keys(): Iterable<string> {
    return this.#keys.keys();
  }

  /** A request has come with this value, or a response has set it. */
  see(key: string, at = Date.now()): void {
    this.#keys.delete(key);
    this.#keys.set(key, at);
  }

  /** The value is known as another credential's. */
  drop(key: string): void {
    this.#keys.delete(key);
  }

  /** Forgets values that no request can bring any more, and gives their keys. */
  prune(): string[] {
    const until = Date.now() - KEEP_MS;
    const dropped: string[] = [];
    for (const [key, at] of this.#keys) {
      if (at >= until && this.#keys.size <= MAX_KEYS) break;
      if (key === this.newest) continue;
      this.#keys.delete(key);
      dropped.push(key);
    }
    return dropped;
  }
}
