import type { IncomingMessage } from "node:http";
import type { SessionRequirement } from "../session/session-requirement.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { SseUser, User } from "../user/user.js";
import { findJsonLoss } from "../wire/json-loss.js";
import type { ExpressRequest } from "./express-request.js";

// A tag lives as long as its connection, once for each: it is to name a user, not to carry a cart.
const MAX_TAG_BYTES = 16_384;

/** A request of Express 4 or 5, as express-session, passport and others leave it. */
export type SessionRequest = IncomingMessage & ExpressRequest & Express.Request;

/** What a {@link UserResolver} may give: the application's SseUser once it is filled in. */
type Resolved = ([keyof SseUser] extends [never] ? object : SseUser) | null | undefined;

/**
 * Tells who the user of a request is; `null` or `undefined` for nobody. Its parameter may be declared as
 * `express.Request`, too.
 */
export type UserResolver = {
  // A method, since the parameter of a method may be of a narrower type: a request of Express is one.
  resolve(req: SessionRequest): Resolved | Promise<Resolved>;
}["resolve"];

// What express-session and passport put there, without depending on their types.
interface Identified {
  readonly session?: { readonly user?: unknown } | null;
  readonly sessionStore?: object;
  readonly user?: unknown;
}

/** What of a hub is needed here. */
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
 * Who a request belongs to, asked at most once and only when somebody wants to know. The answer is
 * what JSON keeps of it, deep-frozen: what happens to the object later changes nothing.
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
      "req.sse.user was read while the user function of sse() is still at work. " +
        "Expected: await req.sse.identify() first, or put requireUser() before this handler.",
    );
  }

  /**
   * The user, at once where the resolver is synchronous. What the resolver throws is thrown.
   *
   * @throws SseHubError `ERR_SSE_STORE` when the session store is in trouble
   */
  identify(): User | undefined | Promise<User | undefined> {
    const user = this.#ask();
    return "value" in user ? user.value : user.pending;
  }

  /** What the serial of recalls was when the user was asked for. */
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
    // A caller that waits gets the rejection. If none waits, it must not end the process.
    pending.catch(() => undefined);
    this.#user = { pending };
    return this.#user;
  }

  // A function that looks into a session finds none while the store is away, or throws.
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

  // Where a session store was seen before and is no session now, the store is in trouble: its users
  // must not become anonymous by accident.
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
    "A request has no session although earlier ones had: the session store is away, or sse() " +
      "also serves a route before session(). The stream was put off; the browser asks again.",
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
    throw refused(`${describe(user)} that JSON.stringify refuses`, "what JSON can hold", cause);
  }
  const bytes = Buffer.byteLength(json ?? "");
  if (json === undefined) throw refused(describe(user), "an object such as { id, profile }");
  const loss = findJsonLoss(user);
  if (loss !== null) {
    const given = `an object that holds ${loss.what}${loss.at}, of which JSON keeps nothing`;
    throw refused(given, `what JSON can hold, such as ${loss.remedy}`);
  }
  if (bytes > MAX_TAG_BYTES) {
    throw refused(`${bytes} bytes of JSON`, `at most ${MAX_TAG_BYTES}`);
  }
  return json;
}

function refused(given: string, expected: string, cause?: unknown): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_USER",
    `The user of a request is ${given}. Expected ${expected}: give sse() a user function that ` +
      "returns the few fields that filters need, or null for nobody.",
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
