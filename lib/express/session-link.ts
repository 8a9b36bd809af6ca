import type { IncomingMessage } from "node:http";
import { fingerprintOf, sessionKeyOf } from "../session/session-key.js";
import type { SessionLink, SessionState } from "../session/session-state.js";
import { changeInFlight, isStore, type ObservedStore } from "../session/store-watch.js";

/** What in a session the user depends on. */
export type Watch = (session: SessionContent) => unknown;

/** A session as the store keeps it, without the methods express-session adds. */
export type SessionContent = Readonly<Record<string, unknown>>;

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

/** True when the browser named the session, so that it was loaded from the store. */
export function isLoaded(req: IncomingMessage): boolean {
  const { sessionID } = req as WithSession;
  if (typeof sessionID !== "string") return false;
  return req.headers.cookie?.includes(encodeURIComponent(sessionID)) === true;
}

/** The session behind a request, to be looked at again while its stream is open. */
export function linkSession(req: IncomingMessage, watch: Watch): SessionLink | null {
  const { session, sessionID } = req as WithSession;
  const store = storeOf(req);
  if (store === undefined || session == null) return null;
  const id = sessionID as string;
  const stateOf = (content: SessionContent): SessionState => ({
    fingerprint: fingerprintOf(watch(content)),
    expiresAt: expiryOf(content),
  });
  return {
    key: sessionKeyOf(id),
    ...stateOf(session),
    stateOf: (content) => stateOf(content as SessionContent),
    changeInFlight: () => changeInFlight(store, id),
    read: async () => {
      const content = await readStore(store, id);
      return content === null ? null : stateOf(content);
    },
  };
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
