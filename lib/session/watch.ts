import { fingerprintOf } from "../user/fingerprint.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubTypeError } from "../errors/sse-hub-error.js";

/** A session as the store keeps it, without the methods express-session adds. */
export type SessionContent = Readonly<Record<string, unknown>>;

/** What in a session the user depends on. */
export type Watch = (session: SessionContent) => unknown;

/** Where the user is `req.session.user` or passport's. */
export const watchUser: Watch = ({ user, passport }) => [user, passport];

/** Where the user comes from a function of the application's own, whatever that depends on. */
export const watchAll: Watch = ({ cookie: _cookie, ...rest }) => rest;

/**
 * The same as long as what the user depends on is the same.
 *
 * @throws what `watch` throws; SseHubTypeError `ERR_SSE_OPTION` where it gives a promise
 */
export function fingerprintWith(watch: Watch, content: SessionContent): string {
  const watched = watch(content);
  if (isThenable(watched)) {
    watched.then(undefined, () => undefined);
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      "The watch function of sse() gave a promise. Expected what the user depends on, at once, " +
        "such as session.userId: what is looked up elsewhere belongs into hub.refresh().",
    );
  }
  return fingerprintOf(watched);
}
