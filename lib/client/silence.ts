/** Notices that nothing was heard for some time: a network that is gone does not say so. */
export class Silence {
  readonly #ms: number | null;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms `null`: any silence is fine */
  constructor(ms: number | null, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.begin();
  }

  /** Something was heard, or nobody listened until now. */
  begin(): void {
    this.end();
    if (this.#ms !== null) this.#timer = setTimeout(this.#onSilence, this.#ms);
  }

  /** Nobody listens. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
