import createError from "http-errors";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { Handler } from "./sse.js";
import { requestStreamOf } from "./stream-of.js";

/**
 * Guards a route: 401 without a user, 403 if the user does not match, both through `next`. For any
 * route, stream or not. EventSource takes either as final and does not come back.
 *
 * When the session store is in trouble nobody can be told apart: a request for a stream is answered
 * so that the browser asks again, any other gets 503.
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
        else next(createError(503, "The session store is away.", { cause: error }));
      });
  };
}
