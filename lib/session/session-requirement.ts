import { SseHubTypeError } from "../errors/sse-hub-error.js";

/**
 * What the requests have shown of where users come from. An application without sessions is
 * legitimate, until it sends by user: then nobody could ever match, and that is said aloud.
 */
export class SessionRequirement {
  #hasSessions = false;
  #hasMissed = false;

  /** True once a request had a session, or users come from a function of the application's own. */
  get hasSessions(): boolean {
    return this.#hasSessions;
  }

  noteSession(): void {
    this.#hasSessions = true;
  }

  /** A request came without a session, and nothing else named its user. */
  noteMissing(): void {
    this.#hasMissed = true;
  }

  /** The check of {@link check}, for one thing that needs to know the user. */
  checkFor(what: string): () => void {
    return () => {
      this.check(what);
    };
  }

  /** @throws SseHubTypeError `ERR_SSE_NO_SESSION` when requests have come, and none had a session */
  check(what: string): void {
    if (this.#hasSessions || !this.#hasMissed) return;
    throw new SseHubTypeError(
      "ERR_SSE_NO_SESSION",
      `${what} needs to know the user, and no request had a session. Expected app.use(session({ … })) ` +
        "of express-session before the routes that join, or a function in sse({ hub, user }) that " +
        "tells who the user of a request is.",
    );
  }
}
