import createError from "http-errors";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import { RequestStream } from "./request-stream.js";
import type { Handler } from "./sse.js";

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
    const { sse } = req as { sse?: unknown };
    if (!(sse instanceof RequestStream)) {
      next(notMounted());
      return;
    }
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

function notMounted(): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_NOT_MOUNTED",
    "requireUser() met a request without req.sse. Expected app.use(sse({ hub })) before this route, " +
      "both taken from the same copy of express-sse-hub: not one by import and one by require.",
  );
}
