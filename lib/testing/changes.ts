/** How long to wait, and the messages of the errors. */
export interface Patience {
  readonly timeoutMs: number;
  /** Why waiting is useless; `null` while it is not. */
  whyNever(): string | null;
  whyLate(timeoutMs: number): string;
}

/** Lets callers wait for a condition, which is checked after each change. */
export class Changes {
  readonly #waiting: Array<() => void> = [];

  /** Something has changed. */
  announce(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves with the result of `find` as soon as that is not undefined. */
  async when<T>(find: () => T | undefined, patience: Patience): Promise<T> {
    const { timeoutMs } = patience;
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        const found = find();
        if (found !== undefined) return found;
        const never = patience.whyNever();
        if (never !== null) throw new Error(never);
        if (isLate) throw new Error(patience.whyLate(timeoutMs));
        timer ??= setTimeout(() => {
          isLate = true;
          this.announce();
        }, timeoutMs);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
