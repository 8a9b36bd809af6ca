import type { IncomingMessage } from "node:http";
import { sessionKeyOf } from "../session/session-key.js";
import type { SessionLink, SessionState } from "../user/session-link.js";
import { changeInFlight, isStore, type ObservedStore } from "../session/store-observer.js";
import { fingerprintWith, type SessionContent, type Watch } from "../session/watch.js";

/** What of express-session's request is needed here. */
interface WithSession {
  readonly session?: SessionContent | null;
  readonly sessionID?: unknown;
  readonly sessionStore?: unknown;
}

/** The store of a request that has a session in one; cookie-session has none. */
export function storeOf(req: IncomingMessage): ObservedStore | undefined {
  const { sessionStore, sessionID } = req as WithSession;
  return typeof sessionID === "string" && isStore(sessionStore) ? sessionStore : undefined;
}

/**
 * What the user depends on at this moment, if there is a session. Where `watch` throws it is like
 * nothing that a session can become.
 */
export function markOf(req: IncomingMessage, watch: Watch): string | undefined {
  const { session } = req as WithSession;
  if (session == null) return undefined;
  try {
    return fingerprintWith(watch, session);
  } catch {
    return "";
  }
}

/**
 * The session behind a request, to be looked at again while its stream is open.
 *
 * @param mark what the user depended on when it was asked for
 * @param label what session ids are hashed with
 * @throws what `watch` throws
 */
export function linkSession(
  req: IncomingMessage,
  watch: Watch,
  mark: string | undefined,
  label: string,
): SessionLink | null {
  const { session, sessionID } = req as WithSession;
  const store = storeOf(req);
  if (store === undefined || session == null) return null;
  const id = sessionID as string;
  return new StoredSession(store, id, watch, {
    key: sessionKeyOf(id, label),
    // Where watch threw before, it throws again, now that somebody wants a stream.
    fingerprint: mark === undefined || mark === "" ? fingerprintWith(watch, session) : mark,
    expiresAt: expiryOf(session),
  });
}

// A class, for there is one for each connection: closures would take four times the memory.
class StoredSession implements SessionLink {
  readonly key: string;
  readonly fingerprint: string;
  readonly expiresAt: number | null;
  readonly #store: ObservedStore;
  readonly #id: string;
  readonly #watch: Watch;

  constructor(
    store: ObservedStore,
    id: string,
    watch: Watch,
    state: SessionState & { readonly key: string },
  ) {
    this.key = state.key;
    this.fingerprint = state.fingerprint;
    this.expiresAt = state.expiresAt;
    this.#store = store;
    this.#id = id;
    this.#watch = watch;
  }

  stateOf(content: object): SessionState {
    return stateOf(content as SessionContent, this.#watch);
  }

  changeInFlight(): { readonly session: object | null } | undefined {
    return changeInFlight(this.#store, this.#id);
  }

  read(): Promise<object | null> {
    return readStore(this.#store, this.#id);
  }
}

function stateOf(content: SessionContent, watch: Watch): SessionState {
  return { fingerprint: fingerprintWith(watch, content), expiresAt: expiryOf(content) };
}

function expiryOf({ cookie }: SessionContent): number | null {
  const { expires } = (cookie ?? {}) as { expires?: unknown };
  if (typeof expires !== "string" && !(expires instanceof Date)) return null;
  const expiresAt = new Date(expires).getTime();
  return Number.isNaN(expiresAt) ? null : expiresAt;
}

function readStore(store: ObservedStore, id: string): Promise<SessionContent | null> {
  return new Promise((resolve, reject) => {
    store.get(id, (error, session) => {
      // A file store says so when there is no such session.
      if ((error as { code?: unknown } | null)?.code === "ENOENT") resolve(null);
      else if (error != null)
        reject(error instanceof Error ? error : new Error("The store failed."));
      else resolve((session as SessionContent | null | undefined) ?? null);
    });
  });
}
