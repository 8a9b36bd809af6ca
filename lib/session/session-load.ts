import type { IncomingMessage } from "node:http";
import { asksForStream } from "../connection/asks-for-stream.js";

// A symbol of the whole process, because copies of this package, such as the CommonJS and the ES module one, share the
// observation of a store.
const LOAD = Symbol.for("express-sse-hub.session-load");

/** The read of the session store that gave a request its session. */
export interface SessionLoad {
  /** When the read began, by `performance.now()`. */
  readonly startedAt: number;
  /** What the store returned, from {@link snapshotOf}. */
  readonly content: string | undefined;
}

/** The members that express-session adds to a request, as far as they are used here. */
interface WithSession {
  readonly session?: { readonly save?: unknown } | null;
  [LOAD]?: SessionLoad | undefined;
}

/** Call it when a request has just got its session from a read that began at `startedAt`. */
export function noteLoad(req: IncomingMessage, startedAt: number): void {
  // The content of other requests would cost time and memory for nothing.
  if (!asksForStream(req)) return;
  (req as WithSession)[LOAD] = { startedAt, content: snapshotOf(req) };
}

/** How the request got its session; `undefined` if that was not seen, or if it asks for no stream. */
export function loadOf(req: IncomingMessage): SessionLoad | undefined {
  return (req as WithSession)[LOAD];
}

/** Saves memory: a stream keeps its request for hours. */
export function forgetLoad(req: IncomingMessage): void {
  if (loadOf(req) !== undefined) (req as WithSession)[LOAD] = undefined;
}

/** The content of the session at this moment, to find out later whether the request has changed it. */
export function snapshotOf(req: object): string | undefined {
  const { session } = req as WithSession;
  if (session == null || typeof session.save !== "function") return undefined;
  try {
    return JSON.stringify({ ...session, cookie: undefined });
  } catch {
    // A session that is not JSON makes its own save() fail.
    return undefined;
  }
}
