import { isDeepStrictEqual } from "node:util";
import { withDeadline } from "../async/with-deadline.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { SessionEndCause } from "./session-end-cause.js";
import type { SessionLink, SessionState } from "../user/session-link.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/** What became of a session that is looked at again. */
export type SessionVerdict = "same" | "changed" | "gone";

// A store that takes longer is in trouble.
const READ_MS = 5_000;
// How many sessions may be read at the same time, so that a re-check is no load for the store.
const MAX_READS = 16;
// A session past its expiry that the store still gives was prolonged elsewhere, or the store counts
// in seconds: asked again every second for so long, and then so seldom.
const PAST_EXPIRY_MS = 5_000;

interface Entry {
  readonly connections: Set<StreamConnection>;
  /** When the session is to be read again: when it expires, or when that is due in any case. */
  checkAt: number;
  /** When it is read in any case. Nothing but a read puts that off. */
  recheckAt: number;
  /** It is being read, or has its turn soon. */
  isDue: boolean;
}

/** What sessions need of their hub. */
export interface SessionsParts {
  readonly revalidateMs: number | null;
  readonly onStoreError: "end" | "keep";
  /** The tags of these connections of a session no longer hold: they end, and their browsers return. */
  onOutdated(connections: readonly StreamConnection[], cause: SessionEndCause): void;
  /** Their session could not be read: they end, and their browsers ask again later. */
  onStoreFailed(connections: readonly StreamConnection[]): void;
  report(error: SseHubError): void;
}

/**
 * The sessions behind the connections of this node. What a store is told is acted on at the call; for
 * what no store call tells of (expiry, a change on a machine this process does not hear of) the
 * sessions are read again from time to time.
 */
export class Sessions {
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

  /** Lets a connection share the user of another one of its session, if they are equal: browsers have many tabs. */
  shareUser(connection: StreamConnection): void {
    const { session, user } = connection;
    if (session === null || user === undefined) return;
    for (const other of this.#entries.get(session.key)?.connections ?? []) {
      if (other === connection || other.user === undefined) continue;
      if (isDeepStrictEqual(other.user, user)) connection.tag(other.user);
      return;
    }
  }

  /** A session is being stored with this content, or destroyed: who depends on another one ends. */
  changed(key: string, content: object | null): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#hold(entry, content, content === null ? "destroyed" : "changed");
  }

  /** The same, told by another node, which knows the session only by fingerprints. */
  changedTo(key: string, isStill: (fingerprint: string) => boolean): void {
    const outdated = linksOf(this.#entries.get(key)).filter(
      ([, { fingerprint }]) => !isStill(fingerprint),
    );
    this.#parts.onOutdated(connectionsIn(outdated), "elsewhere");
  }

  /** A session was prolonged. */
  touched(key: string, content: object): void {
    const entry = this.#entries.get(key);
    const [[, link] = []] = linksOf(entry);
    if (link !== undefined) this.#noteExpiry(entry, this.#stateOf(link, content));
  }

  /** All sessions are being destroyed. */
  allGone(cause: "destroyed" | "elsewhere"): void {
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
   * Looks at a session again, once its connection is registered: what changed between the beginning
   * of the request and now is seen here, what changes from now on is told by the store.
   *
   * Rejects when the store fails, or does not answer in time.
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
    // It was read before that was due in any case: because its time was over.
    const wasOver = content === null && entry.checkAt < entry.recheckAt;
    this.#renew(entry);
    this.#hold(entry, content, wasOver ? "expired" : "revalidated");
  }

  // Who depends on another content ends.
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
    this.#parts.report(new SseHubError("ERR_SSE_STORE", RECHECK_FAILED, { cause }));
    this.#renew(entry);
    if (this.#parts.onStoreError === "keep") return;
    this.#parts.onStoreFailed([...entry.connections]);
  }

  // Spread, so that sessions that began together are not read together for ever.
  #nextRecheck(): number {
    const { revalidateMs } = this.#parts;
    if (revalidateMs === null) return Infinity;
    return Date.now() + revalidateMs * (0.75 + Math.random() / 4);
  }

  // A watch that fails tells nothing: the session counts as changed.
  #stateOf(link: SessionLink, content: object): SessionState | null {
    try {
      return link.stateOf(content);
    } catch (cause) {
      this.#parts.report(new SseHubError("ERR_SSE_USER", WATCH_FAILED, { cause }));
      return null;
    }
  }
}

// A copy: a connection that is ended leaves the entry.
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
  "The session store failed when the sessions of open streams were read again. Where onStoreError " +
  'is "end", their streams have ended, and the browsers ask again.';

const WATCH_FAILED = "The watch function of sse() threw. The streams that depend on it have ended.";
