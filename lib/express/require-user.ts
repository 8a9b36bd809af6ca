import createError from "http-errors";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { Handler } from "./sse.js";
import { requestStreamOf } from "./stream-of.js";

/**
 * Guards any route, also one without a stream: passes an error 401 to `next` if there is no user, and 403 if the user
 * does not match. EventSource does not reconnect after either.
 *
 * While the session store fails, the user is not known. Then a request for a stream gets an empty stream, so that the
 * browser tries again later, and any other request gets 503.
 *
 * @throws SseHubTypeError `ERR_SSE_FILTER`
 */
export function requireUser(matcher?: Matcher): Handler {
  const matches = matcher === undefined ? () => true : compileMatcher(matcher);
  return (req, _res, next) => {
    const sse = requestStreamOf(req, "requireUser()");
    sse
      .identify()
      .then((user) => {
        if (user !== undefined) {
          next(matches(user) ? undefined : createError(403, "This user may not do this."));
          return;
        }
        sse.checkSessions("requireUser()");
        next(createError(401, "Sign in first."));
      })
      .catch((error: unknown) => {
        if (!(error instanceof SseHubError)) next(error);
        else if (sse.wantsStream) sse.putOff(error);
        else next(createError(503, "The session store cannot be reached.", { cause: error }));
      });
  };
}
