import type { IncomingMessage, ServerResponse } from "node:http";

// express-session writes the session when a response ends, by wrapping res.end. A stream ends hours
// after its request began, with the session as it was then: a user who was demoted meanwhile would
// be administrator again, and one who logged out would be back in the store. So what the request did
// to its session is written when the stream begins, and its end writes nothing.

/** What of express-session's request is needed here. */
interface WithSession {
  readonly session?: {
    readonly cookie?: unknown;
    readonly save?: (done: (error?: unknown) => void) => unknown;
  } | null;
  readonly sessionID?: unknown;
}

/**
 * The session's content at one moment, to tell later whether the request changed it. It is taken of every
 * request: a handler may make a stream of any, whatever its `Accept` says.
 */
export function snapshotOf(req: IncomingMessage): string | undefined {
  const { session } = req as WithSession;
  if (session == null || typeof session.save !== "function") return undefined;
  try {
    return JSON.stringify({ ...session, cookie: undefined });
  } catch {
    // What cannot be stored is the session's own trouble, when it is saved.
    return undefined;
  }
}

/**
 * True when the browser named the session, so that it was loaded from the store. Anybody may spell a
 * cookie in many ways that mean the same, so it is read as session middleware reads it.
 */
export function isLoaded(req: IncomingMessage): boolean {
  const { sessionID } = req as WithSession;
  if (typeof sessionID !== "string" || sessionID === "") return false;
  const cookies = (req.headers.cookie ?? "").split(";");
  return cookies.some((cookie) => decode(cookie).includes(sessionID));
}

function decode(cookie: string): string {
  try {
    return decodeURIComponent(cookie);
  } catch {
    return cookie;
  }
}

/** Lets the response end without writing the session. Call it when the headers are fixed. */
export function unwrapEnd(res: ServerResponse): void {
  // Wrappers are properties of the response itself; the one underneath is its prototype's. Deleting
  // the property would do the same, and make of the response a dictionary of 1.3 KiB.
  if (!Object.hasOwn(res, "end")) return;
  const { end } = Object.getPrototypeOf(res) as Pick<ServerResponse, "end">;
  res.end = end;
}

/**
 * Saves what this request did to its session: made it, and told the browser so in a cookie, or
 * changed it since `before`. Gives `null` when there is nothing to save.
 */
export function saveOwnChanges(
  req: IncomingMessage,
  res: ServerResponse,
  before: string | undefined,
): Promise<void> | null {
  const { session } = req as WithSession;
  if (session == null || typeof session.save !== "function") return null;
  const isChanged = before !== undefined && snapshotOf(req) !== before;
  if (!isChanged && !isAnnounced(req, res)) return null;
  const saving = new Promise<void>((resolve, reject) => {
    session.save?.((error) => {
      if (error == null) resolve();
      else reject(error instanceof Error ? error : new Error("The session store failed."));
    });
  });
  // Nobody waits for it where the stream is refused; that must not end the process.
  saving.catch(() => undefined);
  return saving;
}

// A new session that the browser hears of must be in the store, or its next request begins another.
function isAnnounced(req: IncomingMessage, res: ServerResponse): boolean {
  const { sessionID } = req as WithSession;
  if (typeof sessionID !== "string") return false;
  if (isLoaded(req)) return false;
  const name = encodeURIComponent(sessionID);
  return [res.getHeader("set-cookie")].flat().some((cookie) => String(cookie).includes(name));
}
