import type { IncomingMessage } from "node:http";
import type { SessionRequirement } from "../session/session-requirement.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { SseUser, User } from "../user/user.js";
import { findJsonLoss } from "../wire/json-loss.js";
import type { ExpressRequest } from "./express-request.js";

// Each connection keeps its user in memory, so the user must be small.
const MAX_TAG_BYTES = 16_384;

/** A request of Express 4 or 5, as express-session, passport and others leave it. */
export type SessionRequest = IncomingMessage & ExpressRequest & Express.Request;

/** The result of a {@link UserResolver}: your SseUser, once you have declared its fields. */
type Resolved = ([keyof SseUser] extends [never] ? object : SseUser) | null | undefined;

/**
 * Returns the user of a request; `null` or `undefined` if there is none. You may also declare its parameter as
 * `express.Request`.
 */
export type UserResolver = {
  // A method, because TypeScript lets the parameter of a method have a narrower type, such as a request of Express.
  resolve(req: SessionRequest): Resolved | Promise<Resolved>;
}["resolve"];

// The members that express-session and passport add, without depending on their types.
interface Identified {
  readonly session?: { readonly user?: unknown } | null;
  readonly sessionStore?: object;
  readonly user?: unknown;
}

/** The part of a hub that is used here. */
interface Asked {
  readonly requirement: SessionRequirement;
  readonly sessionMonitor: {
    readonly recalls: { readonly serial: number };
    readonly isStoreAway: boolean;
  };
}

type Answer =
  { readonly value: User | undefined } | { readonly pending: Promise<User | undefined> };

/**
 * The user of a request, which is asked for at most once, and only if something needs it. The user is copied as JSON and
 * deep-frozen, so that later changes of the application's object change nothing.
 */
export class Tag {
  readonly #req: SessionRequest;
  readonly #resolve: UserResolver | null;
  readonly #hub: Asked;
  #askedAt = 0;
  #user: Answer | undefined;

  /** @param resolve `null` for the default: `req.session.user`, then `req.user` */
  constructor(req: SessionRequest, resolve: UserResolver | null, hub: Asked) {
    this.#req = req;
    this.#resolve = resolve;
    this.#hub = hub;
  }

  /** @throws SseHubTypeError `ERR_SSE_USER_PENDING` before an asynchronous resolver has settled */
  get user(): User | undefined {
    const user = this.#ask();
    if ("value" in user) return user.value;
    throw new SseHubTypeError(
      "ERR_SSE_USER_PENDING",
      "req.sse.user was read before the asynchronous user function of sse() has finished. " +
        "Expected: await req.sse.identify() first, or put requireUser() before this handler.",
    );
  }

  /**
   * The user, or a promise of it if the resolver is asynchronous. Throws or rejects with the error of the resolver.
   *
   * @throws SseHubError `ERR_SSE_STORE` if the session store fails
   */
  identify(): User | undefined | Promise<User | undefined> {
    const user = this.#ask();
    return "value" in user ? user.value : user.pending;
  }

  /** The serial of recalls when the user was asked for. */
  get askedAt(): number {
    return this.#askedAt;
  }

  #ask(): Answer {
    if (this.#user !== undefined) return this.#user;
    this.#noteSession();
    this.#askedAt = this.#hub.sessionMonitor.recalls.serial;
    const answer = this.#resolve === null ? this.#fromSession() : this.#askOwn(this.#resolve);
    if (!isThenable(answer)) {
      this.#user = { value: toTag(answer) };
      return this.#user;
    }
    const pending = Promise.resolve(answer).then((user) => {
      const value = toTag(user);
      this.#user = { value };
      return value;
    });
    // If no caller awaits the promise, its rejection must not end the process.
    pending.catch(() => undefined);
    this.#user = { pending };
    return this.#user;
  }

  // While the store cannot be reached, a function that reads the session finds none, or throws.
  #askOwn(resolve: UserResolver): unknown {
    const { session, sessionStore } = this.#req as Identified;
    const isAway =
      session == null && sessionStore === undefined && this.#hub.sessionMonitor.isStoreAway;
    if (!isAway) return resolve(this.#req);
    let answer: unknown;
    try {
      answer = resolve(this.#req);
    } catch (cause) {
      return storeAway(cause);
    }
    return isThenable(answer)
      ? Promise.resolve(answer).then(unlessNobody, storeAway)
      : unlessNobody(answer);
  }

  #fromSession(): unknown {
    const { session, user } = this.#req as Identified;
    return session?.user ?? user;
  }

  // If earlier requests had a session store and this one has no session, the store fails. Its users must not become
  // anonymous by accident.
  #noteSession(): void {
    const { session, sessionStore, user } = this.#req as Identified;
    if (this.#resolve !== null || sessionStore !== undefined || session != null || user != null) {
      this.#hub.requirement.noteSession();
    } else if (this.#hub.requirement.hasSessions) {
      storeAway();
    } else {
      this.#hub.requirement.noteMissing();
    }
  }
}

function unlessNobody(user: unknown): unknown {
  return user ?? storeAway();
}

function storeAway(cause?: unknown): never {
  throw new SseHubError(
    "ERR_SSE_STORE",
    "A request has no session although earlier requests had one. Either the session store cannot be reached, or a " +
      "route that uses sse() is not behind session(). The request got no user; a browser that asked for a stream " +
      "reconnects later. Expected session() before every route that uses sse().",
    cause === undefined ? undefined : { cause },
  );
}

function toTag(user: unknown): User | undefined {
  if (user === undefined || user === null) return undefined;
  const json = toJson(user);
  const tag: unknown = JSON.parse(json);
  if (typeof tag !== "object" || tag === null || Array.isArray(tag)) {
    throw refused(describe(user), "an object such as { id, profile }");
  }
  return deepFreeze(tag) as User;
}

function toJson(user: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(user);
  } catch (cause) {
    throw refused(`${describe(user)} for which JSON.stringify throws`, "a value for JSON", cause);
  }
  const bytes = Buffer.byteLength(json ?? "");
  if (json === undefined) throw refused(describe(user), "an object such as { id, profile }");
  const loss = findJsonLoss(user);
  if (loss !== null) {
    const given = `an object that contains ${loss.what}${loss.at}, which JSON cannot hold`;
    throw refused(given, `a value for JSON, such as ${loss.remedy}`);
  }
  if (bytes > MAX_TAG_BYTES) {
    throw refused(`${bytes} bytes of JSON`, `at most ${MAX_TAG_BYTES}`);
  }
  return json;
}

function refused(given: string, expected: string, cause?: unknown): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_USER",
    `The user of a request is ${given}. Expected ${expected}. Give sse() a user function that ` +
      "returns the few fields that matchers need, or null if there is no user.",
    { cause },
  );
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
