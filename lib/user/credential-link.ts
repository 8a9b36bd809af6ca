import type { User } from "./user.js";

/** Returns whether a credential still proves its user. */
export type Verify = (user: User, credential: string) => boolean | Promise<boolean>;

/**
 * The credential with which a connection was opened. It is identified by a key, not by its value. The value is kept
 * only if it must be verified, and never appears in output.
 */
export class CredentialLink {
  readonly key: string;
  readonly #proof: { readonly value: string; readonly verify: Verify } | null;

  /** @param verify `null`: the credential is not verified, and its value is not kept */
  constructor(key: string, value: string, verify: Verify | null) {
    this.key = key;
    this.#proof = verify === null ? null : { value, verify };
  }

  get isVerifiable(): boolean {
    return this.#proof !== null;
  }

  /** Only `true` proves the user. */
  async verify(user: User): Promise<boolean> {
    if (this.#proof === null) return true;
    const { value, verify } = this.#proof;
    return ((await verify(user, value)) as unknown) === true;
  }
}
