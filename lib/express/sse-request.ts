import type { Connection } from "../connection/connection.js";
import type { User } from "../user/user.js";
import type { FollowOptions } from "./follow-options.js";
import type { JoinOptions } from "./join-options.js";

/** `req.sse`, which `sse()` puts on every request. The user is not looked up before something needs it. */
export interface SseRequest {
  /**
   * The user of the request, frozen; `undefined` if there is none.
   *
   * @throws SseHubTypeError `ERR_SSE_USER_PENDING` before an asynchronous user function has settled
   */
  readonly user: User | undefined;
  /** The user of the request, as soon as it is known. Rejects with the error of the `user` function. */
  identify(): Promise<User | undefined>;
  /** The cursor that the browser sent, in the header or in `?lastEventId=`. Do not trust it. */
  readonly lastEventId: string | undefined;
  /**
   * The page that sent the request, if it names itself in the header `SSE-Connection`, as `stream.fetch()` of
   * `express-sse-hub/client` does: by the id of its connection, or as one of several tabs that share a connection.
   * To leave this page out of an event, call `hub.except(req.sse.connectionId)`.
   */
  readonly connectionId: string | undefined;
  /**
   * Turns the request into a stream of the hub. The headers are sent at once; events
   * follow when the user is known. A second call adds rooms to the same connection.
   *
   * If there can be no stream (the browser has left, HEAD, the hub drains), the connection has ended
   * already and its `signal` is aborted.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun, `ERR_SSE_ROOM`,
   * `ERR_SSE_OPTION`; an http-error 403 for a page of an origin that is not allowed
   */
  join(options: JoinOptions): Connection;
  /** The same with rooms alone. */
  join(...rooms: string[]): Connection;
  /**
   * Turns the request into a stream for this request alone, such as the tokens of a model or the progress of a job.
   * It receives no broadcasts, only what you send with `send` and `stream`. Finish it with `end()`.
   *
   * Changes that the request has made to its session before are saved now. Save later changes with
   * `req.session.save()`. With a `user` function and no `watch`, such a save ends this stream too, because the user may
   * depend on anything in the session. So give `watch`.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun
   */
  open(): Connection;
  /**
   * Turns the request into a stream that follows a run: all its events from the first, or those after the cursor that
   * the browser sent, then `hub:end` with the reason, after which the browser does not reconnect.
   *
   * If the run is unknown, forgotten, or not for this user, an error 404 is passed to `next`. Resolves with the
   * connection, or with `null` if the request got another answer. Never rejects, so you need not await it.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun or if the request follows another run,
   * `ERR_SSE_OPTION`; an http-error 403 for a page of an origin that is not allowed
   */
  follow(id: string, options?: FollowOptions): Promise<Connection | null>;
}
