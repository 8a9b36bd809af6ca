import type { StreamConnection } from "../connection/stream-connection.js";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import type { EventLog, Notice } from "../log/event-log.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { endOf } from "./age.js";
import { OwnStreamChecks } from "./own-stream-checks.js";
import { Recalls, type RecallReason } from "./recalls.js";
import type { Gate } from "./gate.js";
import { sessionKeyOf } from "./session-key.js";
import { drawSoon, onOutdated, onStoreFailed } from "./reconnect-delay.js";
import type { SessionEndCause } from "./session-end-cause.js";
import { SessionEnds, type OnSessionEnd } from "./session-ends.js";
import { SessionChangeDetector, type SessionNotice } from "./change-detector.js";
import { CredentialMonitor } from "./credential-monitor.js";
import { Sessions, type SessionsParts } from "./sessions.js";
import { StoppedSessions } from "./stopped-sessions.js";
import { ObservedStores } from "./observed-stores.js";

/** What a session monitor is made of. */
export interface SessionMonitorParts {
  readonly log: Pick<EventLog, "isShared" | "sessionLabel" | "tell" | "catchUp">;
  /** The connections of this node. */
  readonly connections: Iterable<StreamConnection> & { readonly size: number };
  readonly revalidateMs: number | null;
  readonly maxConnectionAgeMs: number | null;
  readonly onStoreError: "end" | "keep";
  readonly onSessionEnd: OnSessionEnd;
  readonly gate: Gate;
  readonly report: (error: SseHubError) => void;
}

/**
 * Ends a connection as soon as its session or credential no longer matches its user: after a logout, another login, a changed
 * profile, an expiry, `refresh()` or `disconnect()`. The browser reconnects through the application's middleware.
 */
export class SessionMonitor {
  readonly sessions: Sessions;
  readonly credentials: CredentialMonitor;
  readonly recalls = new Recalls();
  readonly changes: SessionChangeDetector;
  readonly ends: SessionEnds;
  readonly ownStreams: OwnStreamChecks;
  /** The key with which session ids are hashed. */
  readonly label: string;
  readonly #log: SessionMonitorParts["log"];
  readonly #report: (error: SseHubError) => void;
  readonly #maxAgeMs: number | null;
  readonly #connections: SessionMonitorParts["connections"];
  readonly #stopped = new StoppedSessions();
  readonly #clock: NodeJS.Timeout;

  constructor(parts: SessionMonitorParts) {
    const { log, report, gate, connections } = parts;
    this.label = log.sessionLabel;
    this.ends = new SessionEnds(parts.onSessionEnd);
    this.changes = new SessionChangeDetector(this.label);
    this.#log = log;
    this.#report = report;
    this.#maxAgeMs = parts.maxConnectionAgeMs;
    this.#connections = connections;
    const watching = this.#watching(parts);
    this.sessions = new Sessions(watching);
    this.credentials = new CredentialMonitor({
      ...watching,
      gate,
      label: this.label,
      isShared: log.isShared,
      tell: (notice) => this.#tell({ ...notice }),
      hear: () => log.catchUp(),
    });
    this.ownStreams = new OwnStreamChecks({
      gate,
      connections,
      reread: (connection) => this.sessions.reread(connection),
      refresh: (connection) => {
        this.refreshUncertain(connection);
      },
    });
    this.#clock = setInterval(() => {
      this.#tick();
    }, tickOf(parts)).unref();
  }

  #watching({ revalidateMs, onStoreError, report }: SessionMonitorParts): SessionsParts {
    return {
      revalidateMs,
      onStoreError,
      report,
      onOutdated: (outdated, cause) => {
        this.#endAll(outdated, cause);
      },
      onStoreFailed: (failed) => {
        failed.forEach(onStoreFailed);
        this.ends.note("store", failed);
      },
    };
  }

  /** @param isFresh true for a page that was just loaded, and so sends no cursor */
  add(connection: StreamConnection, { isFresh }: { readonly isFresh: boolean }): void {
    const { session, credential } = connection;
    for (const key of this.#keysOf(connection)) {
      if (isFresh && this.#stopped.delete(key) && this.#log.isShared) {
        // The other nodes must know, because the browser may reconnect to any of them.
        void this.#tell({ kind: "loaded", key });
      }
    }
    if (session !== null) this.sessions.add(connection, session);
    if (credential !== null) this.credentials.add(connection, credential);
  }

  delete(connection: StreamConnection): void {
    if (connection.session !== null) this.sessions.delete(connection, connection.session);
    if (connection.credential !== null) this.credentials.all.delete(connection);
  }

  /** True if a session store has emitted "disconnect", and no "connect" since. */
  get isStoreAway(): boolean {
    return this.#stores.isAway;
  }

  /** True if the `expiresAt` of the user is reached. */
  isOver(connection: StreamConnection): boolean {
    const end = endOf(connection, null);
    return end !== undefined && end.time <= Date.now();
  }

  /** Call it when the connection's user is known, before the connection receives events. */
  onOpen(connection: StreamConnection): void {
    this.sessions.shareUser(connection);
    connection.endsAt = endOf(connection, this.#maxAgeMs);
  }

  /** True once a session store is observed. */
  get hasStore(): boolean {
    return this.#stores.isInUse;
  }

  /** @throws SseHubTypeError `ERR_SSE_OPTION` */
  observe(store: object): void {
    if (this.#stores.add(store)) this.sessions.recent.noteAll();
  }

  /**
   * Ends the connections of the users that match. Returns the keys of the sessions and credentials that were stopped.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  recallAll(reason: RecallReason, matcher: Matcher): string[] {
    const test = compileMatcher(matcher);
    this.recalls.add(reason, test);
    const stopped = new Set<string>();
    const meant = [...this.#connections].filter(({ user }) => user !== undefined && test(user));
    for (const connection of meant) {
      const keys = reason === "stop" ? this.#keysOf(connection) : [];
      this.recall(connection, reason, meant.length);
      for (const key of keys) stopped.add(key);
    }
    this.ends.note(reason === "stop" ? "disconnect" : "refresh", meant);
    return [...stopped];
  }

  /** Call it when this node may have missed messages of other nodes. */
  forgetChanges(): void {
    this.changes.forget();
    this.sessions.recent.noteAll();
  }

  /** Call it when another node has stored or destroyed a session. */
  changedElsewhere(notice: SessionNotice): void {
    this.changes.heard(notice);
    this.sessions.changedTo(notice.key, (fingerprint) =>
      notice.fingerprints.includes(this.changes.told(fingerprint)),
    );
  }

  /** Call it when another node has stopped the streams of these sessions. */
  stoppedElsewhere(keys: readonly string[]): void {
    for (const key of keys) this.#stopped.add(key);
  }

  /** Call it when the user of a stopped session has loaded a page again on another node. */
  loadedElsewhere(key: string): void {
    this.#stopped.delete(key);
  }

  /** Ends a connection because the log has lost entries, perhaps the notice that its session has changed. */
  refreshUncertain(connection: StreamConnection): void {
    this.recall(connection, "refresh", this.#connections.size);
    this.ends.note("break", [connection]);
  }

  /** @param among how many connections end together: the more, the longer the browsers wait, so that not all reconnect at once */
  recall(connection: StreamConnection, reason: RecallReason, among = 1): void {
    if (reason === "refresh") {
      connection.finish("refresh", { retryMs: drawSoon(among) });
      return;
    }
    for (const key of this.#keysOf(connection)) this.#stopped.add(key);
    connection.finish("stop");
  }

  /** True if the streams of this session were stopped recently. */
  isStopped(sessionId: string): boolean {
    return this.#stopped.has(sessionKeyOf(sessionId, this.label));
  }

  /** The same for the streams of a credential, by its key. */
  isCredentialStopped(key: string): boolean {
    return this.#stopped.has(key);
  }

  close(): void {
    clearInterval(this.#clock);
    this.#stores.close();
  }

  #keysOf(connection: StreamConnection): string[] {
    const { session } = connection;
    const keys = this.credentials.all.keysOf(connection);
    return session === null ? keys : [session.key, ...keys];
  }

  // The response to the request that changed the session waits for this. It resolves when the other nodes are
  // informed, or cannot be reached.
  async #tell(notice: Notice): Promise<void> {
    try {
      await this.#log.tell(notice);
    } catch (cause) {
      const error = new SseHubError("ERR_SSE_LOG", SESSION_UNTOLD, { cause });
      this.#report(cause instanceof SseHubError ? cause : error);
    }
  }

  readonly #stores = new ObservedStores({
    tellsOthers: () => this.#log.isShared,
    // A key costs a hash, so it is made only if a stream may depend on the session.
    onChange: (id, session) => {
      if (this.sessions.size > 0) this.sessions.changed(sessionKeyOf(id, this.label), session);
    },
    onRead: (id, session) => {
      if (this.#log.isShared) this.changes.read(sessionKeyOf(id, this.label), session);
    },
    onWritten: (id, session) => {
      const key = sessionKeyOf(id, this.label);
      this.sessions.recent.note(key);
      if (!this.#log.isShared) return undefined;
      const notice = this.changes.noticeOf(key, session);
      return notice === undefined ? undefined : this.#tell({ ...notice });
    },
    onTouch: (id, session) => {
      if (this.sessions.size > 0) this.sessions.touched(sessionKeyOf(id, this.label), session);
    },
    onClear: () => {
      this.sessions.allGone("destroyed");
    },
    onCleared: () => {
      this.sessions.recent.noteAll();
      return this.#log.isShared ? this.#tell({ kind: "cleared" }) : undefined;
    },
  });

  // The connections end before the listeners are called.
  #endAll(connections: readonly StreamConnection[], cause: SessionEndCause): void {
    connections.forEach(onOutdated);
    this.ends.note(cause, connections);
  }

  #tick(): void {
    const now = Date.now();
    const expired: StreamConnection[] = [];
    for (const connection of this.#connections) {
      const { endsAt } = connection;
      if (endsAt === undefined || endsAt.time > now) continue;
      if (endsAt.reason === "user") expired.push(connection);
      else connection.finish(endsAt.reason);
    }
    this.#endAll(expired, "expired");
    this.sessions.tick();
    this.credentials.tick();
  }
}

const SESSION_UNTOLD =
  "The other nodes could not be informed that a session or credential has changed. They read the session again " +
  "within revalidateMs.";

// A quarter of the shortest interval, but at least 5 ms and at most a second.
function tickOf({ revalidateMs, maxConnectionAgeMs }: SessionMonitorParts): number {
  const shortest = Math.min(revalidateMs ?? Infinity, maxConnectionAgeMs ?? Infinity);
  return Math.max(5, Math.min(1_000, shortest / 4));
}
