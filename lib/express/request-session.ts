import type { IncomingMessage, ServerResponse } from "node:http";
import type { HubCore } from "../hub/hub-core.js";
import { forgetLoad, loadOf, snapshotOf, type SessionLoad } from "../session/session-load.js";
import type { SessionLink } from "../user/session-link.js";
import type { SseSettings } from "./sse-options.js";
import { linkSession, markOf, storeOf } from "./session-link.js";
import { isLoaded, saveOwnChanges } from "./session-write.js";

/** What becomes of the session of a request when its stream begins. */
export interface StreamSession {
  /** `null` if there is no session that can be watched: it is neither in the store nor being saved. */
  readonly link: SessionLink | null;
  /** The store is saving what the request has changed. */
  readonly saving: Promise<void> | null;
  /** See `AdmissionRequest.sessionReadAt`. */
  readonly readAt: number | null;
}

/** The session of a request until its stream begins. */
export class RequestSession {
  readonly #req: IncomingMessage;
  readonly #hub: HubCore;
  readonly #settings: SseSettings;
  // The content when the request passed `sse()`: what has changed since is saved.
  readonly #before: string | undefined;
  // Of the time when the user was first asked for.
  #load: SessionLoad | undefined;
  #mark: string | undefined;

  constructor(req: IncomingMessage, hub: HubCore, settings: SseSettings) {
    this.#req = req;
    this.#hub = hub;
    this.#settings = settings;
    this.#observe();
    // For every request, because a handler may turn any request into a stream, whatever its `Accept` is.
    this.#before = snapshotOf(req);
  }

  /**
   * Call it when the user is asked for. The user is fixed when it is first asked for, even if this request changes the
   * session later. So the fingerprint of the session is taken at the same moment.
   */
  look(): void {
    this.#observe();
    if (this.#mark !== undefined) return;
    this.#load = loadOf(this.#req);
    this.#mark = markOf(this.#req, this.#settings.watch);
  }

  /**
   * The session if it is in the store. Call it before the head is written: there, express-session prolongs the session
   * in memory, but not in the store.
   */
  stored(): SessionLink | null {
    return isLoaded(this.#req) ? this.#link() : null;
  }

  /**
   * Saves what the request has changed. Call it when the head is fixed, once.
   *
   * @param stored the result of {@link stored}
   */
  begin(res: ServerResponse, stored: SessionLink | null): StreamSession {
    const content = snapshotOf(this.#req);
    const readAt = this.#readAt(content);
    const isChanged = this.#before !== undefined && content !== this.#before;
    const saving = saveOwnChanges(this.#req, res, { isChanged });
    // Saves memory: the stream may stay open for hours.
    forgetLoad(this.#req);
    if (saving === null) return { link: stored, saving, readAt };
    return { link: stored ?? this.#link(), saving, readAt: null };
  }

  // `null` if the session of the user is not the one that was read from the store.
  #readAt(content: string | undefined): number | null {
    if (this.#load === undefined || content === undefined) return null;
    const isAsRead =
      content === this.#load.content && markOf(this.#req, this.#settings.watch) === this.#mark;
    return isAsRead ? this.#load.startedAt : null;
  }

  // If sse() is mounted before session(), the request has its store only later.
  #observe(): void {
    const store = storeOf(this.#req);
    if (store === undefined) return;
    this.#hub.requirement.noteSession();
    this.#hub.sessionMonitor.observe(store);
  }

  #link(): SessionLink | null {
    const { label } = this.#hub.sessionMonitor;
    return linkSession(this.#req, this.#settings.watch, this.#mark, label);
  }
}
