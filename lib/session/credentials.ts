import type { StreamConnection } from "../connection/stream-connection.js";
import type { CredentialLink } from "../user/credential-link.js";
import { prolonged } from "./age.js";
import { Credential, KEEP_MS } from "./credential.js";
import type { Gate } from "./gate.js";
import { identityOf, type Identity } from "./identity.js";
import type { SessionEndCause } from "./session-end-cause.js";

// The most credentials without a stream that are remembered.
const MAX_IDLE = 10_000;

/** What credentials need of their hub. */
export interface CredentialsParts {
  /** The key with which fingerprints are hashed. */
  readonly label: string;
  /** The user of these connections is no longer current: they end, and the browsers reconnect. */
  onOutdated(connections: readonly StreamConnection[], cause: SessionEndCause): void;
  readonly gate: Gate;
}

/** A change: a response has set another value. */
interface Change {
  readonly number: number;
  readonly cause: SessionEndCause;
}

/**
 * The credentials of the connections of this node, and those that were changed or cleared in the last minute: a
 * request with an old value may still be under way, and must not become a stream of the old user.
 */
export class Credentials {
  readonly #parts: CredentialsParts;
  readonly #byKey = new Map<string, Credential>();
  readonly #of = new Map<StreamConnection, Credential>();
  // Credential without a stream → when it is forgotten, oldest first.
  readonly #idle = new Map<Credential, number>();
  #changes = 0;

  constructor(parts: CredentialsParts) {
    this.#parts = parts;
  }

  /** The id of a credential: the same for all its values. */
  idOf(key: string): string {
    return this.#byKey.get(key)?.id ?? key;
  }

  /** The keys of the values with which the connection's browser may reconnect. */
  keysOf(connection: StreamConnection): string[] {
    const { credential } = connection;
    if (credential === null) return [];
    return [credential.key, this.#of.get(connection)?.newest ?? credential.key];
  }

  add(connection: StreamConnection, link: CredentialLink): Credential {
    const credential = this.#find(link.key);
    credential.see(link.key);
    if (link.key === credential.newest) credential.link = link;
    else credential.link ??= link;
    // A request with an old value was sent before the value was replaced, so that change concerns it.
    credential.connections.set(connection, credential.givenUpAt(link.key) ?? this.#changes + 1);
    this.#of.set(connection, credential);
    this.#idle.delete(credential);
    if (credential.pending > 0) this.#parts.gate.hold(connection);
    return credential;
  }

  delete(connection: StreamConnection): void {
    const credential = this.#of.get(connection);
    if (credential === undefined) return;
    this.#of.delete(connection);
    credential.connections.delete(connection);
    this.#rest(credential);
  }

  /** A response has cleared this value: the streams of its credential end. */
  clear(key: string, cause: SessionEndCause): void {
    const credential = this.#find(key);
    credential.isGone = true;
    credential.changedAt = Date.now();
    const connections = [...credential.connections.keys()];
    this.#rest(credential);
    this.#parts.onOutdated(connections, cause);
  }

  /** A response has set this value. Returns true if the value had been cleared before. */
  revive(key: string): boolean {
    const credential = this.#byKey.get(key);
    if (credential?.isGone !== true) return false;
    credential.drop(key);
    this.#byKey.delete(key);
    return true;
  }

  /**
   * A response has replaced the value. If the new value has the same user, the streams of the credential go on.
   * Otherwise they end.
   *
   * @param identity the user of the new value; `null` if it is not known, which counts as another user. While it is
   * a pending promise, the streams receive nothing.
   */
  change(
    from: string,
    to: { readonly key: string; readonly link?: CredentialLink },
    identity: Identity | null | Promise<Identity | null>,
    cause: SessionEndCause,
  ): Credential {
    this.revive(to.key);
    const credential = this.#find(from);
    // Another response has signed the browser out, and this one signs it in again: the old streams have ended already.
    if (credential.isGone) return credential;
    this.#changes += 1;
    credential.changedAt = Date.now();
    this.#adopt(credential, to.key);
    credential.giveUp(from, this.#changes);
    credential.take(to.key);
    credential.link = to.link ?? credential.link;
    for (const key of credential.prune()) this.#byKey.delete(key);
    if (credential.connections.size === 0) this.#rest(credential);
    const change = { number: this.#changes, cause };
    if (identity instanceof Promise) this.#await(credential, identity, change);
    else this.#decide(credential, identity, change);
    return credential;
  }

  /**
   * Another node has replaced `from` by `to`, and this node has replaced or cleared `to` since. What happened to `to`
   * now happens to the streams that were opened with `from`.
   */
  follow(from: string, to: string, cause: SessionEndCause): Credential {
    const [credential, later] = [this.#find(from), this.#find(to)];
    if (credential === later || credential.isGone) return later;
    if (later.isGone) {
      this.clear(from, cause);
      return later;
    }
    const change = later.givenUpAt(to) ?? this.#changes + 1;
    const connections = [...credential.connections];
    this.#merge(credential, later);
    later.giveUp(from, change);
    later.changedAt = Date.now();
    for (const [connection, since] of connections) {
      later.connections.set(connection, Math.min(since, change));
      if (later.pending > 0) this.#parts.gate.hold(connection);
    }
    const opened = connections.map(([connection]) => connection).filter(isOpened);
    const outdated = opened.filter((connection) => this.#wasReplaced(connection));
    this.#parts.onOutdated(outdated, cause);
    return later;
  }

  /**
   * True if the credential of a connection that is being opened was cleared, or has changed to another user since. After
   * a minute that is no longer known, so it counts as outdated.
   *
   * @param receivedAt when its request came
   */
  isOutdated(connection: StreamConnection, receivedAt: number): boolean {
    if (connection.credential === null) return false;
    return Date.now() - receivedAt > KEEP_MS || this.#wasReplaced(connection);
  }

  #wasReplaced(connection: StreamConnection): boolean {
    const credential = this.#of.get(connection);
    const since = credential?.connections.get(connection);
    if (credential === undefined || since === undefined) return false;
    if (credential.isGone) return true;
    return credential.wasOther(this.#fingerprintOf(connection), since);
  }

  /** Forgets credentials that have had no stream for a minute. Call it about every second. */
  tick(): void {
    const now = Date.now();
    for (const [credential, until] of this.#idle) {
      if (until > now) return;
      this.#forget(credential);
    }
  }

  #find(key: string): Credential {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const credential = new Credential(key);
    this.#byKey.set(key, credential);
    return credential;
  }

  // Both may have streams: a browser with the new value may reach this node before the notice of the change does.
  #adopt(credential: Credential, key: string): void {
    const other = this.#byKey.get(key);
    if (other !== undefined && other !== credential) this.#merge(other, credential);
    this.#byKey.set(key, credential);
  }

  #merge(other: Credential, into: Credential): void {
    for (const key of other.keys) this.#byKey.set(key, into);
    for (const connection of other.connections.keys()) this.#of.set(connection, into);
    into.absorb(other);
    this.#idle.delete(other);
    if (into.connections.size > 0) this.#idle.delete(into);
  }

  #await(asked: Credential, identity: Promise<Identity | null>, change: Change): void {
    asked.pending += 1;
    for (const connection of asked.connections.keys()) this.#parts.gate.hold(connection);
    void identity.then((found) => {
      const credential = latest(asked);
      credential.pending -= 1;
      this.#decide(credential, found, change);
    });
  }

  #decide(credential: Credential, identity: Identity | null, { number, cause }: Change): void {
    const fingerprint = identity?.fingerprint ?? null;
    credential.note(fingerprint, number);
    credential.changedAt = Date.now();
    // A connection that is being opened calls `isOutdated` itself, as soon as its user is known.
    const opened = [...credential.connections.keys()].filter(isOpened);
    const outdated = opened.filter((connection) => this.#fingerprintOf(connection) !== fingerprint);
    this.#parts.onOutdated(outdated, cause);
    for (const connection of opened) {
      connection.endsAt = prolonged(connection, identity?.expiresAt ?? null);
    }
    if (credential.pending > 0) return;
    for (const connection of credential.connections.keys()) this.#parts.gate.release(connection);
  }

  #fingerprintOf({ user }: StreamConnection): string {
    return identityOf(user, this.#parts.label).fingerprint;
  }

  // A credential without streams is kept for a minute if it has changed in the last minute.
  #rest(credential: Credential): void {
    this.#idle.delete(credential);
    if (credential.connections.size > 0) return;
    const now = Date.now();
    if (credential.changedAt + KEEP_MS < now && credential.pending === 0) {
      this.#forget(credential);
      return;
    }
    this.#idle.set(credential, now + KEEP_MS);
    const [oldest] = this.#idle.keys();
    if (this.#idle.size > MAX_IDLE && oldest !== undefined) this.#forget(oldest);
  }

  #forget(credential: Credential): void {
    this.#idle.delete(credential);
    for (const key of credential.keys) {
      if (this.#byKey.get(key) === credential) this.#byKey.delete(key);
    }
  }
}

function isOpened(connection: StreamConnection): boolean {
  return connection.isOpened;
}

function latest(credential: Credential): Credential {
  return credential.mergedInto === undefined ? credential : latest(credential.mergedInto);
}
