/** Notices that no byte has arrived for some time: a lost network is not reported otherwise. */
export class Silence {
  readonly #ms: number | null;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms `null`: no limit */
  constructor(ms: number | null, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.begin();
  }

  /** Starts to wait again. */
  begin(): void {
    this.end();
    if (this.#ms !== null) this.#timer = setTimeout(this.#onSilence, this.#ms);
  }

  /** Stops waiting. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
