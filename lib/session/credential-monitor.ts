import { withDeadline } from "../async/with-deadline.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { User } from "../user/user.js";
import { CredentialChecks, type CredentialChecksParts } from "./credential-checks.js";
import { Credentials } from "./credentials.js";
import type { Gate } from "./gate.js";
import { identityOf, type Identity } from "./identity.js";

/** The notice that a response has set or cleared a credential, for the other nodes. */
export interface CredentialNotice {
  readonly kind: "credential";
  /** The key of the old value; `null` if the response sets a value again that was cleared before. */
  readonly key: string | null;
  /** The key of the new value; `null` if the credential was cleared. */
  readonly to: string | null;
  /** The fingerprint of the new value's user; `null` if it is not known, which counts as another user. */
  readonly user: string | null;
  readonly expiresAt: number | null;
}

/** How a response changes the credential of its browser. */
export interface CredentialChange {
  readonly from: CredentialLink | null;
  readonly to: CredentialLink | null;
  /** Calls the application's `user` function for the new value. */
  readonly ask: () => User | undefined | Promise<User | undefined>;
}

/** What a credential monitor is made of. */
export interface CredentialMonitorParts extends CredentialChecksParts {
  readonly label: string;
  readonly isShared: boolean;
  /** Sends a notice. Resolves when the other nodes are informed, or cannot be reached. */
  tell(notice: CredentialNotice): Promise<void>;
  /** Resolves when this node has received the notices that the others had sent before the call. */
  hear(): Promise<void>;
  readonly gate: Gate;
}

// If the `user` function takes longer, it counts as failed: the streams end, and the browsers reconnect.
const USER_MS = 5_000;
// The notice to the other nodes waits less time for the `user` function, because the response waits for the notice.
const TOLD_USER_MS = 1_000;
const HEAD_MS = 2_000;

/** Ends a connection as soon as its credential no longer proves its user. */
export class CredentialMonitor {
  readonly all: Credentials;
  readonly checks: CredentialChecks;
  readonly #parts: CredentialMonitorParts;
  // Key of a value that a response of this node has replaced or cleared → how many such responses there were. A key
  // stays until this node has received the notices that the others had sent before.
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
   * A response changes the credential of its browser. Takes effect on this node at the call. The response waits for
   * the returned promise, so that the other nodes are informed; it resolves after 2 s at the latest, and never rejects.
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

  /** Call it when another node has sent this notice. */
  changedElsewhere({ key, to, user, expiresAt }: CredentialNotice): void {
    if (to !== null && this.#ahead.has(to)) {
      // The other node sent this before this node replaced or cleared the value, but it arrives after that.
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
  "A response has set another credential, and the user function of sse() failed for the new value, so the streams " +
  "that were opened with the old value have ended. Expected a function that returns the user of any request.";
