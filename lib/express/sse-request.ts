import type { Connection } from "../connection/connection.js";
import type { User } from "../user/user.js";
import type { FollowOptions } from "./follow-options.js";
import type { JoinOptions } from "./join-options.js";

/** `req.sse`: what `sse()` gives every request. Nothing is looked up before it is asked for. */
export interface SseRequest {
  /**
   * Who the request belongs to, frozen; `undefined` for nobody.
   *
   * @throws SseHubTypeError `ERR_SSE_USER_PENDING` before an asynchronous user function has settled
   */
  readonly user: User | undefined;
  /** Who the request belongs to, as soon as it is known. Rejects with what the user function threw. */
  identify(): Promise<User | undefined>;
  /** The cursor the browser brought, from the header or `?lastEventId=`; anybody may have written it. */
  readonly lastEventId: string | undefined;
  /**
   * The page that asked, if it has named itself in the header `SSE-Connection`, as `stream.fetch()` of
   * `express-sse-hub/client` does: by the id of its connection, or as one of several tabs that share theirs.
   * Leave it out of what the request causes: `hub.except(req.sse.connectionId)`.
   */
  readonly connectionId: string | undefined;
  /**
   * Turns the request into a stream of the hub. The headers go out at once; events
   * follow when the user is known. A second call adds rooms to the same connection.
   *
   * When there can be no stream (the browser has gone, HEAD, the hub drains) the connection has ended
   * already and its `signal` is aborted.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun, `ERR_SSE_ROOM`,
   * `ERR_SSE_OPTION`; an http-error 403 for a page of an origin that is not allowed
   */
  join(options: JoinOptions): Connection;
  /** The same with nothing but rooms. */
  join(...rooms: string[]): Connection;
  /**
   * Turns the request into a stream of its own, for what is made for it alone: the tokens of a model,
   * the progress of a job. No broadcast reaches it; `send` and `stream` do. Finish it with `end()`.
   *
   * What the request changed in its session before is saved now. Save later changes with
   * `req.session.save()`; with a `user` function and no `watch` such a save ends this stream, too, since the
   * user may depend on anything in the session. So name in `watch` what it depends on.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun
   */
  open(): Connection;
  /**
   * Turns the request into a stream that follows a run: all its events from the first, or those after the cursor that
   * the browser brought, then `hub:end` with the reason, after which the browser does not come back.
   *
   * A run that is unknown, forgotten, or not for this user is answered 404 through `next`. Resolves with the
   * connection, or with `null` where the request got another answer. Never rejects: need not be awaited.
   *
   * @throws SseHubTypeError `ERR_SSE_HEADERS_SENT` after the response has begun, `ERR_SSE_OPTION`; an http-error 403
   * for a page of an origin that is not allowed
   */
  follow(id: string, options?: FollowOptions): Promise<Connection | null>;
}
