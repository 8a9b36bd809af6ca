import type { User } from "./user.js";

/** Tells whether a credential still proves its user. */
export type Verify = (user: User, credential: string) => boolean | Promise<boolean>;

/**
 * The credential that a connection was opened with, by a key that stands for its value. The value is
 * kept only where it is to be verified, and shows in nothing that is printed.
 */
export class CredentialLink {
  readonly key: string;
  readonly #proof: { readonly value: string; readonly verify: Verify } | null;

  /** @param verify `null`: nothing is verified, and the value is not kept */
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
