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

/** The credential of one request, and the change that its response makes to it. */
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
   * Call it when the request becomes a stream of this user. After that, a change of the credential does not hold the
   * head back. Instead, the stream waits for {@link whenTold} before its first byte.
   *
   * @throws the error of the application's `credential` function
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

  /** Resolves when the other nodes are informed of the change; `null` if there is no change to wait for. */
  get whenTold(): Promise<unknown> | null {
    return this.#whenTold;
  }

  /** The credential of the stream; call it when the head is fixed. */
  get link(): CredentialLink | null {
    const { credential } = this.#settings;
    if (!(credential instanceof CredentialCookies)) return this.#given;
    // The user belongs to the cookies of the request, even if its response sets others.
    const before = credential.of(this.#req);
    return this.#toLink(before.size > 0 ? before : (this.#after ?? before));
  }

  /** True if the streams with this credential were stopped recently. */
  get isStopped(): boolean {
    const { credential } = this.#settings;
    if (!(credential instanceof CredentialCookies)) return false;
    const link = this.#toLink(credential.of(this.#req));
    return link !== null && this.#hub.sessionMonitor.isCredentialStopped(link.key);
  }

  // The hub cannot see a logout of such a user.
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

  /** Call it when the head of the response is fixed and sets these cookies. */
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

  // The user of the browser's next request.
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
  "A stream was opened for a user, but the request has no credential: the option credential of sse() found none. " +
  "Without a credential, the stream goes on after a logout, until maxConnectionAgeMs ends it. Expected the cookie or " +
  "token of the user. Look at the name of the cookie, and whether it has Path=/.";

const UNWATCHED =
  "The users of this application come from no session store, and sse() has no option credential. So their streams go " +
  "on after a logout, a ban or a change of profile, until maxConnectionAgeMs ends them. Name the cookie: " +
  'sse({ hub, user, credential: "token" }), or give a function that returns the token of a request. Or call ' +
  "hub.refresh() when a user changes, and write credential: null to remove this warning.";
