import type { StreamConnection } from "../connection/stream-connection.js";
import type { CredentialLink } from "../user/credential-link.js";

/**
 * How long the hub remembers what became of a value that the browser no longer has: requests may still be under way with
 * it. A request that takes longer gets no stream.
 */
export const KEEP_MS = 60_000;

// The most values remembered for one credential: more than a browser has requests under way in that time.
const MAX_KEYS = 1_000;

/**
 * A credential with all the values it has had. A browser with several requests under way may end up with any of the
 * values that their responses set. So a value is forgotten only after a newer one was set, and a minute after it was
 * last seen.
 */
export class Credential {
  /** Connection → the number of the first change that concerns it. */
  readonly connections = new Map<StreamConnection, number>();
  /** Stays the same when the value changes. */
  readonly id: string;
  /** The key of the newest value. */
  newest: string;
  /** True once a response has cleared it. */
  isGone = false;
  /** When the value changed last; 0 for never. */
  changedAt = 0;
  /** Number of changes for which the `user` function has not answered yet. */
  pending = 0;
  /** The value that `verify` is called with. */
  link: CredentialLink | null = null;
  verifyAt = Infinity;
  isBeingVerified = false;
  /** Set when this credential turned out to be the same as another one. */
  mergedInto: Credential | undefined;
  // Key → when it was last seen, oldest first.
  readonly #keys = new Map<string, number>();
  // Key → the first change that has set another value in its place.
  readonly #givenUp = new Map<string, number>();
  // Fingerprint of the user after a change (`null`: not known) → the last change with this user.
  readonly #outcomes = new Map<string | null, { change: number; at: number }>();

  constructor(key: string) {
    this.id = key;
    this.newest = key;
    this.see(key);
  }

  get keys(): Iterable<string> {
    return this.#keys.keys();
  }

  /** A request has brought this value, or a response has set it. */
  see(key: string, at = Date.now()): void {
    this.#keys.delete(key);
    this.#keys.set(key, at);
  }

  /** A response has set this value. */
  take(key: string): void {
    this.see(key);
    this.newest = key;
    this.#givenUp.delete(key);
  }

  /** A response has set another value in place of this one. */
  giveUp(key: string, change: number): void {
    this.see(key);
    if (!this.#givenUp.has(key)) this.#givenUp.set(key, change);
  }

  /** The first change that has replaced this value; `undefined` if the browser may still have the value. */
  givenUpAt(key: string): number | undefined {
    return this.#givenUp.get(key);
  }

  /** Forgets the value. */
  drop(key: string): void {
    this.#keys.delete(key);
    this.#givenUp.delete(key);
  }

  /** Notes the user after a change. */
  note(fingerprint: string | null, change: number): void {
    const before = this.#outcomes.get(fingerprint)?.change ?? 0;
    this.#outcomes.set(fingerprint, { change: Math.max(change, before), at: Date.now() });
  }

  /** True if one of the changes from `since` on (inclusive) has led to another user. */
  wasOther(fingerprint: string, since: number): boolean {
    const until = Date.now() - KEEP_MS;
    return [...this.#outcomes].some(
      ([made, { change, at }]) => made !== fingerprint && change >= since && at >= until,
    );
  }

  /** Merges the other credential into this one. */
  absorb(other: Credential): void {
    other.mergedInto = this;
    this.pending += other.pending;
    this.link ??= other.link;
    for (const key of other.keys) this.see(key);
    for (const [key, change] of other.#givenUp) this.giveUp(key, change);
    for (const [fingerprint, { change }] of other.#outcomes) this.note(fingerprint, change);
    for (const [connection, since] of other.connections) this.connections.set(connection, since);
    other.connections.clear();
  }

  /** Forgets the values that no request can bring any more, and returns their keys. */
  prune(): string[] {
    const until = Date.now() - KEEP_MS;
    const dropped: string[] = [];
    for (const [key, at] of this.#keys) {
      if (at >= until && this.#keys.size <= MAX_KEYS) break;
      if (key === this.newest) continue;
      this.drop(key);
      dropped.push(key);
    }
    for (const [fingerprint, { at }] of this.#outcomes) {
      if (at < until) this.#outcomes.delete(fingerprint);
    }
    return dropped;
  }
}
