import { withDeadline } from "../async/with-deadline.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { Credential } from "./credential.js";
import type { SessionEndCause } from "./session-end-cause.js";

// If `verify` takes longer, it counts as failed.
const VERIFY_MS = 5_000;
// How many credentials are verified at the same time, so that the database behind `verify` is not overloaded.
const MAX_CHECKS = 16;

/** What the checks need of their hub. */
export interface CredentialChecksParts {
  readonly revalidateMs: number | null;
  readonly onStoreError: "end" | "keep";
  onOutdated(connections: readonly StreamConnection[], cause: SessionEndCause): void;
  /** The credential of these connections could not be verified: they end, and the browsers reconnect later. */
  onStoreFailed(connections: readonly StreamConnection[]): void;
  report(error: SseHubError): void;
}

/** Calls `verify` from time to time for the credentials of open streams. */
export class CredentialChecks {
  readonly #parts: CredentialChecksParts;
  readonly #planned = new Set<Credential>();
  readonly #due: Credential[] = [];
  #checks = 0;

  constructor(parts: CredentialChecksParts) {
    this.#parts = parts;
  }

  /** Plans the next check. Call it when a connection was opened with this credential, or when its value has changed. */
  plan(credential: Credential): void {
    if (this.#planned.has(credential) || credential.link?.isVerifiable !== true) return;
    credential.verifyAt = this.#nextCheck();
    this.#planned.add(credential);
  }

  /** True if the credential of a connection that is being opened must be verified. */
  needsProof({ credential, user }: StreamConnection): boolean {
    return credential?.isVerifiable === true && user !== undefined;
  }

  /**
   * Verifies the credential of a connection that is being opened.
   *
   * Rejects when `verify` fails, or does not answer in time.
   */
  async isProven({ credential, user }: StreamConnection): Promise<boolean> {
    if (credential === null || user === undefined) return true;
    return withDeadline(credential.verify(user), VERIFY_MS, "The verify function");
  }

  /** Verifies the credentials that are due. Call it about every second. */
  tick(): void {
    const now = Date.now();
    for (const credential of this.#planned) {
      if (credential.connections.size === 0) this.#planned.delete(credential);
      else if (credential.verifyAt <= now && !credential.isBeingVerified) {
        credential.isBeingVerified = true;
        this.#due.push(credential);
      }
    }
    this.#checkOn();
  }

  #checkOn(): void {
    while (this.#checks < MAX_CHECKS) {
      const credential = this.#due.shift();
      if (credential === undefined) return;
      this.#check(credential);
    }
  }

  #check(credential: Credential): void {
    const { link } = credential;
    const user = [...credential.connections.keys()].find(({ isOpened }) => isOpened)?.user;
    this.#checks += 1;
    const answer = user === undefined ? Promise.resolve(true) : link?.verify(user);
    withDeadline(answer ?? Promise.resolve(true), VERIFY_MS, "The verify function")
      .then((isProven) => {
        // If a newer value was set meanwhile, this answer is about the old one.
        if (isProven || credential.link !== link) return;
        this.#parts.onOutdated([...credential.connections.keys()], "revalidated");
      })
      .catch((cause: unknown) => {
        this.#failed(credential, cause);
      })
      .finally(() => {
        credential.isBeingVerified = false;
        credential.verifyAt = this.#nextCheck();
        this.#checks -= 1;
        this.#checkOn();
      });
  }

  #failed(credential: Credential, cause: unknown): void {
    this.#parts.report(new SseHubError("ERR_SSE_STORE", VERIFY_FAILED, { cause }));
    if (this.#parts.onStoreError === "keep") return;
    this.#parts.onStoreFailed([...credential.connections.keys()]);
  }

  // Partly random, so that credentials of streams that were opened together are not always verified together.
  #nextCheck(): number {
    const { revalidateMs } = this.#parts;
    if (revalidateMs === null) return Infinity;
    return Date.now() + revalidateMs * (0.75 + Math.random() / 4);
  }
}

const VERIFY_FAILED =
  "The verify function of sse() threw, rejected, or took more than 5 s for the credential of open streams. If " +
  'onStoreError is "end", these streams have ended, and the browsers reconnect after a while. See the cause.';
