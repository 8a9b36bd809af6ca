import type { StreamConnection } from "../connection/stream-connection.js";
import type { CredentialLink } from "../user/credential-link.js";

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
  /** Each with the number of the first change that concerns it. */
  readonly connections = new Map<StreamConnection, number>();
  /** Names it for as long as it is known, whatever its value. */
  readonly id: string;
  /** The key of the newest value. */
  newest: string;
  /** The browser was told to forget it. */
  isGone = false;
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
  // Key → the first change that has set another value in its place.
  readonly #givenUp = new Map<string, number>();
  // Whom changes have made it, `null` for what nobody can be the same as → the last such change.
  readonly #outcomes = new Map<string | null, { change: number; at: number }>();

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

  /** The change that has set another value in place of this one; `undefined` for a value that a browser may have. */
  givenUpAt(key: string): number | undefined {
    return this.#givenUp.get(key);
  }

  /** The value is known as another credential's. */
  drop(key: string): void {
    this.#keys.delete(key);
    this.#givenUp.delete(key);
  }

  /** It is known whom a change has made it. */
  note(fingerprint: string | null, change: number): void {
    const before = this.#outcomes.get(fingerprint)?.change ?? 0;
    this.#outcomes.set(fingerprint, { change: Math.max(change, before), at: Date.now() });
  }

  /** True when one of the changes since then, itself included, has made it somebody else's. */
  wasOther(fingerprint: string, since: number): boolean {
    const until = Date.now() - KEEP_MS;
    return [...this.#outcomes].some(
      ([made, { change, at }]) => made !== fingerprint && change >= since && at >= until,
    );
  }

  /** Is this one and the other from now on. */
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

  /** Forgets values that no request can bring any more, and gives their keys. */
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
