import { fingerprintOf } from "../user/fingerprint.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubTypeError } from "../errors/sse-hub-error.js";

/** A session as the store keeps it, without the methods express-session adds. */
export type SessionContent = Readonly<Record<string, unknown>>;

/** Returns the part of a session that the user depends on. */
export type Watch = (session: SessionContent) => unknown;

/** The default without a `user` function: the user is `req.session.user` or passport's. */
export const watchUser: Watch = ({ user, passport }) => [user, passport];

/** The default with a `user` function, which may depend on anything in the session but its cookie. */
export const watchAll: Watch = ({ cookie: _cookie, ...rest }) => rest;

/**
 * The fingerprint of the part that the user depends on.
 *
 * @throws the error of `watch`; SseHubTypeError `ERR_SSE_OPTION` if `watch` returns a promise
 */
export function fingerprintWith(watch: Watch, content: SessionContent): string {
  const watched = watch(content);
  if (isThenable(watched)) {
    watched.then(undefined, () => undefined);
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      "The watch function of sse() returned a promise. Expected a value of the session, such as session.userId. " +
        "If the user also depends on data elsewhere, call hub.refresh() when these data change.",
    );
  }
  return fingerprintOf(watched);
}
