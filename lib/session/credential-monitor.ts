import { withDeadline } from "../async/with-deadline.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { User } from "../user/user.js";
import { CredentialChecks, type CredentialChecksParts } from "./credential-checks.js";
import { Credentials } from "./credentials.js";
import { identityOf, type Identity } from "./identity.js";

/** What other nodes are told of a credential that a response has set or cleared. */
export interface CredentialNotice {
  readonly kind: "credential";
  /** Stands for the value that the browser gives up; `null` where that was forgotten before. */
  readonly key: string | null;
  /** Stands for the value that it is given; `null` for none. */
  readonly to: string | null;
  /** Whom that stands for; `null` for what nobody can be the same as. */
  readonly user: string | null;
  readonly expiresAt: number | null;
}

/** What a response does to the credential of its browser. */
export interface CredentialChange {
  readonly from: CredentialLink | null;
  readonly to: CredentialLink | null;
  /** Asks for the user of the new value. */
  readonly ask: () => User | undefined | Promise<User | undefined>;
}

/** What a credential monitor is made of. */
export interface CredentialMonitorParts extends CredentialChecksParts {
  readonly label: string;
  readonly isShared: boolean;
  /** Resolves when the other nodes know, or cannot be reached. */
  tell(notice: CredentialNotice): Promise<void>;
  /** Resolves when this node has heard what the others had told at the call. */
  hear(): Promise<void>;
  hold(connection: StreamConnection): void;
  release(connection: StreamConnection): void;
}

// A user function that takes longer is in trouble: the streams end, and their browsers ask for themselves.
const USER_MS = 5_000;
// Other nodes are told sooner than that: a response waits for it, and no response waits for long.
const TOLD_USER_MS = 1_000;
const HEAD_MS = 2_000;

/** Ends a connection as soon as its credential no longer proves its user. */
export class CredentialMonitor {
  readonly all: Credentials;
  readonly checks: CredentialChecks;
  readonly #parts: CredentialMonitorParts;
  // Keys that this node has given up, until it has heard what the others had told by then → how often.
  readonly #ahead = new Map<string, number>();

  constructor(parts: CredentialMonitorParts) {
    this.#parts = parts;
    this.all = new Credentials(parts);
    this.checks = new CredentialChecks(parts);
  }

  add(connection: StreamConnection, link: CredentialLink): void {
    this.checks.plan(this.all.add(connection, link));
  }

  /**
   * A response changes the credential of its browser, which is acted on at this call. Gives what its head
   * is to wait for, so that the other nodes know; it resolves, and soon.
   */
  change(change: CredentialChange): Promise<unknown> | undefined {
    const told = this.#change(change);
    return told && withDeadline(told, HEAD_MS, "The log").catch(() => undefined);
  }

  #change({ from, to, ask }: CredentialChange): Promise<unknown> | undefined {
    const { isShared } = this.#parts;
    if (from === null) {
      const isNews = to !== null && this.all.revive(to.key) && isShared;
      return isNews ? this.#tell(null, to.key, null) : undefined;
    }
    this.#noteAhead(from.key);
    if (to === null) {
      this.all.clear(from.key, "destroyed");
      return isShared ? this.#tell(from.key, null, null) : undefined;
    }
    const identity = this.#identify(ask);
    this.checks.plan(this.all.change(from.key, { key: to.key, link: to }, identity, "changed"));
    return isShared ? this.#tellChange(from.key, to.key, identity) : undefined;
  }

  /** Another node has told of a change. */
  changedElsewhere({ key, to, user, expiresAt }: CredentialNotice): void {
    if (to !== null && this.#ahead.has(to)) {
      // Told before this node gave that value up, and heard after it.
      if (key !== null) this.checks.plan(this.all.follow(key, to, "elsewhere"));
    } else if (key === null) {
      if (to !== null) this.all.revive(to);
    } else if (to === null) {
      this.all.clear(key, "elsewhere");
    } else {
      const identity = user === null ? null : { fingerprint: user, expiresAt };
      this.checks.plan(this.all.change(key, { key: to }, identity, "elsewhere"));
    }
  }

  /** See {@link CredentialChecks.tick}. */
  tick(): void {
    this.all.tick();
    this.checks.tick();
  }

  #noteAhead(key: string): void {
    if (!this.#parts.isShared) return;
    this.#ahead.set(key, (this.#ahead.get(key) ?? 0) + 1);
    const forget = () => {
      const count = this.#ahead.get(key) ?? 1;
      if (count === 1) this.#ahead.delete(key);
      else this.#ahead.set(key, count - 1);
    };
    this.#parts.hear().then(forget, forget);
  }

  #identify(ask: CredentialChange["ask"]): Identity | null | Promise<Identity | null> {
    const identify = (user: User | undefined) => identityOf(user, this.#parts.label);
    const fail = (cause: unknown) => {
      this.#parts.report(new SseHubError("ERR_SSE_USER", ASK_FAILED, { cause }));
      return null;
    };
    try {
      const user = ask();
      if (!(user instanceof Promise)) return identify(user);
      return withDeadline(user, USER_MS, "The user function").then(identify, fail);
    } catch (cause) {
      return fail(cause);
    }
  }

  async #tellChange(
    from: string,
    to: string,
    asked: Identity | null | Promise<Identity | null>,
  ): Promise<void> {
    const identity =
      asked instanceof Promise
        ? await withDeadline(asked, TOLD_USER_MS, "The user function").catch(() => null)
        : asked;
    await this.#tell(from, to, identity);
  }

  #tell(key: string | null, to: string | null, identity: Identity | null): Promise<void> {
    const { fingerprint: user = null, expiresAt = null } = identity ?? {};
    return this.#parts.tell({ kind: "credential", key, to, user, expiresAt });
  }
}

const ASK_FAILED =
  "The user function of sse() failed when a response had set another credential, so the streams that " +
  "were opened with the old one have ended. Expected a function that gives the user of any request.";
