import type { ServerResponse } from "node:http";
import { warn } from "../diagnostics/development.js";
import type { HubCore } from "../hub/hub-core.js";
import { sessionKeyOf } from "../session/session-key.js";
import { CredentialLink } from "../user/credential-link.js";
import type { User } from "../user/user.js";
import { CredentialCookies, textOf, valueOf, type CookieValues } from "./credential-source.js";
import { holdResponse } from "./held-response.js";
import { withCookies } from "./request-with-cookies.js";
import { watchHead } from "./response-head.js";
import { withSetCookies } from "./set-cookies.js";
import type { SseSettings } from "./sse-options.js";
import { Tag, type SessionRequest } from "./tag-request.js";

// Each `sse()` warns once.
const warned = new WeakSet<SseSettings>();

/** What proves the user of one request, and what its response makes of it. */
export class RequestCredential {
  readonly #req: SessionRequest;
  readonly #res: ServerResponse;
  readonly #hub: HubCore;
  readonly #settings: SseSettings;
  #isStream = false;
  #hasHead = false;
  #whenTold: Promise<unknown> | null = null;
  #after: CookieValues | undefined;
  #given: CredentialLink | null = null;

  constructor(req: SessionRequest, res: ServerResponse, hub: HubCore, settings: SseSettings) {
    this.#req = req;
    this.#res = res;
    this.#hub = hub;
    this.#settings = settings;
    if (settings.credential instanceof CredentialCookies) watchHead(res);
  }

  /**
   * The request becomes a stream of this user. From here on the head is not held back: the stream waits for
   * {@link whenTold} before its first byte.
   *
   * @throws what the application's function throws
   */
  beginStream(user: User | undefined | Promise<User | undefined>): void {
    const { credential } = this.#settings;
    this.#isStream = true;
    if (typeof credential === "function") {
      const value = credential(this.#req);
      if (value != null && value !== "") this.#given = this.#linkOf(value, value);
    }
    const isWatched =
      credential === null || this.#hub.sessionMonitor.hasStore || this.link !== null;
    if (!isWatched) this.#warnOf(user);
  }

  /** What the other nodes are to be told before the first byte of a stream. */
  get whenTold(): Promise<unknown> | null {
    return this.#whenTold;
  }

  /** The credential that a stream is opened with, once its head is fixed. */
  get link(): CredentialLink | null {
    const { credential } = this.#settings;
    if (!(credential instanceof CredentialCookies)) return this.#given;
    // The user was asked for with what the request brought, whatever its response makes of that.
    const before = credential.of(this.#req);
    return this.#toLink(before.size > 0 ? before : (this.#after ?? before));
  }

  /** True when the streams of this browser were stopped of late. */
  get isStopped(): boolean {
    const { credential } = this.#settings;
    if (!(credential instanceof CredentialCookies)) return false;
    const link = this.#toLink(credential.of(this.#req));
    return link !== null && this.#hub.sessionMonitor.isCredentialStopped(link.key);
  }

  // Nothing tells of a logout of such a user.
  #warnOf(user: User | undefined | Promise<User | undefined>): void {
    if (warned.has(this.#settings)) return;
    if (user instanceof Promise) {
      user.then(
        (found) => {
          this.#warnOf(found);
        },
        () => undefined,
      );
    } else if (user !== undefined) {
      warned.add(this.#settings);
      const isNamed = this.#settings.credential !== undefined;
      warn("ERR_SSE_NO_SESSION", isNamed ? UNPROVEN : UNWATCHED);
    }
  }

  /** The head of the response is fixed, with these cookies. */
  onHead(setCookies: readonly string[]): void {
    const cookies = this.#settings.credential;
    if (this.#hasHead || !(cookies instanceof CredentialCookies)) return;
    this.#hasHead = true;
    const before = cookies.of(this.#req);
    const after = withSetCookies(before, setCookies, cookies);
    if (after === before) return;
    this.#after = after;
    const [from, to] = [this.#toLink(before), this.#toLink(after)];
    if (from?.key === to?.key) return;
    const ask = () => this.#askWith(after);
    const told = this.#hub.sessionMonitor.credentials.change({ from, to, ask });
    if (told === undefined) return;
    if (this.#isStream) this.#whenTold = told;
    else holdResponse(this.#res, told);
  }

  // Whom the next request of this browser will belong to.
  #askWith(cookies: CookieValues): User | undefined | Promise<User | undefined> {
    const { credential, user } = this.#settings;
    const next = withCookies(this.#req, cookies, credential as CredentialCookies);
    return new Tag(next, user, this.#hub).identify();
  }

  #toLink(values: CookieValues): CredentialLink | null {
    return values.size === 0 ? null : this.#linkOf(textOf(values), valueOf(values));
  }

  #linkOf(text: string, value: string): CredentialLink {
    const key = sessionKeyOf(`credential ${text}`, this.#hub.sessionMonitor.label);
    return new CredentialLink(key, value, this.#settings.verify);
  }
}

const UNPROVEN =
  "A stream was opened for a user, and the request has nothing of what the option credential of sse() names. " +
  "Expected the cookie or token that proves the user: such a stream goes on after a logout, until it is an " +
  "hour old. Look at the name of the cookie, and whether it has Path=/.";

const UNWATCHED =
  "The users of this application come from no session store, and sse() was not told what proves them. " +
  "So their streams go on after a logout, a ban or a change of profile, until they are an hour old. Name the " +
  'cookie: sse({ hub, user, credential: "token" }), or give a function from the request to its token. ' +
  "With credential: null you say that you know, and that you call hub.refresh() yourself.";
