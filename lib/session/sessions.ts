import { isDeepStrictEqual } from "node:util";
import { withDeadline } from "../async/with-deadline.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { RecentChanges } from "./recent-changes.js";
import type { SessionEndCause } from "./session-end-cause.js";
import type { SessionLink, SessionState } from "../user/session-link.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/** The result of reading a session again. */
export type SessionVerdict = "same" | "changed" | "gone";

/** True if a connection's user is no longer that of its session. A session without a user need not be in the store. */
export function isOutdatedBy(verdict: SessionVerdict, { user }: StreamConnection): boolean {
  return verdict === "changed" || (verdict === "gone" && user !== undefined);
}

// If the store takes longer, the read counts as failed.
const READ_MS = 5_000;
// How many sessions are read at the same time, so that the store is not overloaded.
const MAX_READS = 16;
// If the store still returns a session after its expiry, the session was prolonged elsewhere, or the store counts in
// whole seconds. It is then read again: every second for this long, and after that at this interval.
const PAST_EXPIRY_MS = 5_000;

interface Entry {
  readonly connections: Set<StreamConnection>;
  /** When the session is read again: at its expiry or at `recheckAt`, whichever comes first. */
  checkAt: number;
  /** The latest time of the next read. Only a read moves it. */
  recheckAt: number;
  /** The session is being read, or waits for its turn. */
  isDue: boolean;
}

/** What sessions need of their hub. */
export interface SessionsParts {
  readonly revalidateMs: number | null;
  readonly onStoreError: "end" | "keep";
  /** The user of these connections is no longer current: they end, and the browsers reconnect. */
  onOutdated(connections: readonly StreamConnection[], cause: SessionEndCause): void;
  /** The session of these connections could not be read: they end, and the browsers reconnect later. */
  onStoreFailed(connections: readonly StreamConnection[]): void;
  report(error: SseHubError): void;
}

/**
 * The sessions of the connections of this node. A change through an observed store takes effect at the call. To find
 * other changes, such as an expiry or a change that another program made in the database, the sessions are read again
 * from time to time.
 */
export class Sessions {
  /** The sessions that have changed recently. */
  readonly recent = new RecentChanges();
  readonly #parts: SessionsParts;
  readonly #entries = new Map<string, Entry>();
  readonly #due: Entry[] = [];
  #reads = 0;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** Number of distinct sessions. */
  get size(): number {
    return this.#entries.size;
  }

  add(connection: StreamConnection, link: SessionLink): void {
    const entry = this.#entries.get(link.key) ?? this.#create(link);
    entry.connections.add(connection);
  }

  delete(connection: StreamConnection, { key }: SessionLink): void {
    const entry = this.#entries.get(key);
    entry?.connections.delete(connection);
    if (entry?.connections.size === 0) this.#entries.delete(key);
  }

  /** Lets the connections of a session share one user object, if their users are equal: this saves memory. */
  shareUser(connection: StreamConnection): void {
    const { session, user } = connection;
    if (session === null || user === undefined) return;
    for (const other of this.#entries.get(session.key)?.connections ?? []) {
      if (other === connection || other.user === undefined) continue;
      if (isDeepStrictEqual(other.user, user)) connection.tag(other.user);
      return;
    }
  }

  /** Call it when a session is stored with this content, or destroyed (`null`). Ends the streams with another user. */
  changed(key: string, content: object | null): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#hold(entry, content, content === null ? "destroyed" : "changed");
  }

  /** The same for a notice of another node, which contains only fingerprints. */
  changedTo(key: string, isStill: (fingerprint: string) => boolean): void {
    this.recent.note(key);
    const outdated = linksOf(this.#entries.get(key)).filter(
      ([, { fingerprint }]) => !isStill(fingerprint),
    );
    this.#parts.onOutdated(connectionsIn(outdated), "elsewhere");
  }

  /** Call it when a session was prolonged. */
  touched(key: string, content: object): void {
    const entry = this.#entries.get(key);
    const [[, link] = []] = linksOf(entry);
    if (link !== undefined) this.#noteExpiry(entry, this.#stateOf(link, content));
  }

  /** Call it when all sessions are destroyed. */
  allGone(cause: "destroyed" | "elsewhere"): void {
    this.recent.noteAll();
    for (const entry of [...this.#entries.values()]) this.#hold(entry, null, cause);
  }

  /** Reads the sessions that are due. Call it about every second. */
  tick(): void {
    const now = Date.now();
    for (const entry of this.#entries.values()) {
      if (entry.checkAt > now || entry.isDue) continue;
      entry.isDue = true;
      this.#due.push(entry);
    }
    this.#readOn();
  }

  /**
   * True if it is known that a session has not changed since it was read, so that {@link verify} need not be called. Its
   * expiry then counts for its other connections too, as after {@link verify}.
   *
   * @param readAt when the read began that gave the request its session, by `performance.now()`; `null` if the session
   * must be read again
   */
  isStillAsRead(link: SessionLink, readAt: number | null): boolean {
    const isSame =
      readAt !== null &&
      link.changeInFlight() === undefined &&
      this.#isUnchangedSince(readAt, link);
    if (isSame) this.#noteExpiry(this.#entries.get(link.key), link);
    return isSame;
  }

  /**
   * Compares a session with the store. Call it when its connection is registered: this finds the changes between the
   * beginning of the request and now, and later changes are seen at the store.
   *
   * Rejects if the store fails, or does not answer within 5 s.
   */
  async verify(link: SessionLink): Promise<SessionVerdict> {
    const change = link.changeInFlight();
    if (change !== undefined) {
      return verdictOf(link, change.session === null ? null : this.#stateOf(link, change.session));
    }
    const content = await withDeadline(link.read(), READ_MS, "The session store");
    const state = content === null ? null : this.#stateOf(link, content);
    if (state !== null) this.#noteExpiry(this.#entries.get(link.key), state);
    return verdictOf(link, state);
  }

  /**
   * Reads the session of an open connection again, and ends the connection if its user has changed. If the store fails,
   * `onStoreError` decides.
   */
  async reread(connection: StreamConnection): Promise<void> {
    const { session } = connection;
    if (session === null) return;
    try {
      const verdict = await this.verify(session);
      if (isOutdatedBy(verdict, connection)) this.#parts.onOutdated([connection], "revalidated");
    } catch (cause) {
      this.#onReadFailed([connection], cause);
    }
  }

  // A change that is not seen, because another program has made it, is found within `revalidateMs`. Without
  // `revalidateMs` it would not be found later.
  #isUnchangedSince(readAt: number, { key }: SessionLink): boolean {
    return this.#parts.revalidateMs !== null && this.recent.isUnchangedSince(readAt, key);
  }

  #create(link: SessionLink): Entry {
    const recheckAt = this.#nextRecheck();
    const entry = {
      connections: new Set<StreamConnection>(),
      checkAt: Math.min(recheckAt, expiryCheckOf(link)),
      recheckAt,
      isDue: false,
    };
    this.#entries.set(link.key, entry);
    return entry;
  }

  #readOn(): void {
    while (this.#reads < MAX_READS) {
      const entry = this.#due.shift();
      if (entry === undefined) return;
      this.#check(entry);
    }
  }

  #check(entry: Entry): void {
    const [[, link] = []] = linksOf(entry);
    if (link === undefined) return;
    this.#reads += 1;
    withDeadline(link.read(), READ_MS, "The session store")
      .then((content) => {
        this.#apply(entry, content);
      })
      .catch((cause: unknown) => {
        this.#failed(entry, cause);
      })
      .finally(() => {
        entry.isDue = false;
        this.#reads -= 1;
        this.#readOn();
      });
  }

  #apply(entry: Entry, content: object | null): void {
    // If the session was read before `recheckAt`, it was read because it has expired.
    const wasOver = content === null && entry.checkAt < entry.recheckAt;
    this.#renew(entry);
    this.#hold(entry, content, wasOver ? "expired" : "revalidated");
  }

  // Ends the connections whose user does not depend on this content.
  #hold(entry: Entry, content: object | null, cause: SessionEndCause): void {
    const outdated = linksOf(entry).filter(([, link]) => {
      const state = content === null ? null : this.#stateOf(link, content);
      const isSame = state?.fingerprint === link.fingerprint;
      if (isSame) this.#noteExpiry(entry, state);
      return !isSame;
    });
    this.#parts.onOutdated(connectionsIn(outdated), cause);
  }

  #noteExpiry(entry: Entry | undefined, state: SessionState | null): void {
    if (entry === undefined || state === null) return;
    entry.checkAt = Math.min(entry.recheckAt, expiryCheckOf(state));
  }

  #renew(entry: Entry): void {
    entry.recheckAt = this.#nextRecheck();
    entry.checkAt = entry.recheckAt;
  }

  #failed(entry: Entry, cause: unknown): void {
    this.#renew(entry);
    this.#onReadFailed([...entry.connections], cause);
  }

  #onReadFailed(connections: readonly StreamConnection[], cause: unknown): void {
    this.#parts.report(new SseHubError("ERR_SSE_STORE", RECHECK_FAILED, { cause }));
    if (this.#parts.onStoreError === "end") this.#parts.onStoreFailed(connections);
  }

  // Partly random, so that sessions that began together are not always read together.
  #nextRecheck(): number {
    const { revalidateMs } = this.#parts;
    if (revalidateMs === null) return Infinity;
    return Date.now() + revalidateMs * (0.75 + Math.random() / 4);
  }

  // If `watch` throws, the session counts as gone.
  #stateOf(link: SessionLink, content: object): SessionState | null {
    try {
      return link.stateOf(content);
    } catch (cause) {
      this.#parts.report(new SseHubError("ERR_SSE_USER", WATCH_FAILED, { cause }));
      return null;
    }
  }
}

// A copy, because a connection leaves the entry when it ends.
function linksOf(entry: Entry | undefined): Array<[StreamConnection, SessionLink]> {
  const connections = entry === undefined ? [] : [...entry.connections];
  return connections.flatMap((connection) =>
    connection.session === null ? [] : [[connection, connection.session]],
  );
}

function connectionsIn(
  links: ReadonlyArray<readonly [StreamConnection, SessionLink]>,
): StreamConnection[] {
  return links.map(([connection]) => connection);
}

function expiryCheckOf({ expiresAt }: SessionState): number {
  const now = Date.now();
  if (expiresAt === null) return Infinity;
  if (expiresAt > now) return expiresAt;
  return now + (expiresAt > now - PAST_EXPIRY_MS ? 1_000 : PAST_EXPIRY_MS);
}

function verdictOf(link: SessionLink, state: SessionState | null): SessionVerdict {
  if (state === null) return "gone";
  return state.fingerprint === link.fingerprint ? "same" : "changed";
}

const RECHECK_FAILED =
  "The session store failed when the sessions of open streams were read again. If onStoreError is " +
  '"end", these streams have ended, and the browsers reconnect after a while. See the cause.';

const WATCH_FAILED =
  "The watch function of sse() threw for the content of a session, so the streams of this session have ended. " +
  "Expected a function that returns a part of any session. See the cause.";
