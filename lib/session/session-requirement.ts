import { SseHubTypeError } from "../errors/sse-hub-error.js";

/**
 * Notes whether requests have sessions. An application may have no sessions, until it uses a matcher or
 * `requireUser()`: no user could ever match then, so that is an error.
 */
export class SessionRequirement {
  #hasSessions = false;
  #hasMissed = false;

  /** True once a request had a session, or its user came from a `user` function. */
  get hasSessions(): boolean {
    return this.#hasSessions;
  }

  noteSession(): void {
    this.#hasSessions = true;
  }

  /** Call it when a request has no session, and no user from elsewhere. */
  noteMissing(): void {
    this.#hasMissed = true;
  }

  /** Returns {@link check} as a function, for the thing that needs the user. */
  checkFor(what: string): () => void {
    return () => {
      this.check(what);
    };
  }

  /** @throws SseHubTypeError `ERR_SSE_NO_SESSION` if there were requests, and none had a session */
  check(what: string): void {
    if (this.#hasSessions || !this.#hasMissed) return;
    throw new SseHubTypeError(
      "ERR_SSE_NO_SESSION",
      `${what} needs to know the user, and no request had a session. Expected app.use(session({ … })) ` +
        "of express-session before the routes that join, or a function in sse({ hub, user }) that " +
        "returns the user of a request.",
    );
  }
}
