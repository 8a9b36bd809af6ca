import type { IncomingMessage } from "node:http";
import { sessionKeyOf } from "../session/session-key.js";
import type { SessionLink, SessionState } from "../user/session-link.js";
import { changeInFlight, isStore, type ObservedStore } from "../session/store-observer.js";
import { fingerprintWith, type SessionContent, type Watch } from "../session/watch.js";

/** The members that express-session adds to a request, as far as they are used here. */
interface WithSession {
  readonly session?: SessionContent | null;
  readonly sessionID?: unknown;
  readonly sessionStore?: unknown;
}

/** The session store of a request; `undefined` if there is none, as with cookie-session. */
export function storeOf(req: IncomingMessage): ObservedStore | undefined {
  const { sessionStore, sessionID } = req as WithSession;
  return typeof sessionID === "string" && isStore(sessionStore) ? sessionStore : undefined;
}

/**
 * The fingerprint of the part of the session that the user depends on at this moment, if there is a session. If `watch`
 * throws, it is empty, which equals no other fingerprint.
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
 * The session of a request, which is read again while its stream is open.
 *
 * @param mark the fingerprint of the session when the user was asked for, from {@link markOf}
 * @param label the key with which session ids are hashed
 * @throws the error of `watch`
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
    // If watch threw in markOf(), it is called again here, so that its error reaches the handler.
    fingerprint: mark === undefined || mark === "" ? fingerprintWith(watch, session) : mark,
    expiresAt: expiryOf(session),
  });
}

// A class, because each connection has one, and closures would take four times the memory.
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
      // A file store gives this error if there is no such session.
      if ((error as { code?: unknown } | null)?.code === "ENOENT") resolve(null);
      else if (error != null)
        reject(error instanceof Error ? error : new Error("The store failed."));
      else resolve((session as SessionContent | null | undefined) ?? null);
    });
  });
}
