import type { IncomingMessage, ServerResponse } from "node:http";

// express-session wraps res.end, and saves the session when the response ends. A stream ends hours after its request
// began, and its session is as old as the request: a user that was demoted meanwhile would be an administrator again,
// and a user that has logged out would be back in the store. So the changes of the request are saved when the stream
// begins, and its end saves nothing.

/** The members that express-session adds to a request, as far as they are used here. */
interface WithSession {
  readonly session?: {
    readonly cookie?: unknown;
    readonly save?: (done: (error?: unknown) => void) => unknown;
  } | null;
  readonly sessionID?: unknown;
}

/**
 * True if the browser sent the id of the session, so that it was loaded from the store. A cookie can be encoded in
 * several ways, so it is decoded as session middleware decodes it.
 */
export function isLoaded(req: IncomingMessage): boolean {
  const { sessionID } = req as WithSession;
  if (typeof sessionID !== "string" || sessionID === "") return false;
  const { cookie = "" } = req.headers;
  if (cookie.includes(sessionID)) return true;
  return cookie.split(";").some((one) => decode(one).includes(sessionID));
}

function decode(cookie: string): string {
  try {
    return decodeURIComponent(cookie);
  } catch {
    return cookie;
  }
}

/** Lets the response end without saving the session. Call it when the headers are fixed. */
export function unwrapEnd(res: ServerResponse): void {
  // A wrapper is an own property of the response; the original is the prototype's. It is not deleted, because V8 would
  // then turn the response into a dictionary of 1.3 KiB.
  if (!Object.hasOwn(res, "end")) return;
  const { end } = Object.getPrototypeOf(res) as Pick<ServerResponse, "end">;
  res.end = end;
}

/**
 * Saves the session if this request has created it and sends its cookie, or has changed it. Returns `null` if
 * there is nothing to save.
 */
export function saveOwnChanges(
  req: IncomingMessage,
  res: ServerResponse,
  { isChanged }: { readonly isChanged: boolean },
): Promise<void> | null {
  const { session } = req as WithSession;
  if (session == null || typeof session.save !== "function") return null;
  if (!isChanged && !isAnnounced(req, res)) return null;
  const saving = new Promise<void>((resolve, reject) => {
    session.save?.((error) => {
      if (error == null) resolve();
      else reject(error instanceof Error ? error : new Error("The session store failed."));
    });
  });
  // If the stream is refused, nothing waits for this promise. Its rejection must not end the process.
  saving.catch(() => undefined);
  return saving;
}

// If the response sends the cookie of a new session, the session must be in the store. Otherwise the browser's next
// request would begin another session.
function isAnnounced(req: IncomingMessage, res: ServerResponse): boolean {
  const { sessionID } = req as WithSession;
  if (typeof sessionID !== "string") return false;
  if (isLoaded(req)) return false;
  const name = encodeURIComponent(sessionID);
  return [res.getHeader("set-cookie")].flat().some((cookie) => String(cookie).includes(name));
}
