import type { LockManager } from "./page.js";

/** What the holder of a {@link TabLock} is told. */
export interface TabLockListeners {
  onHeld(): void;
  /** Another tab has taken the lock away, because this one did not answer. */
  onTaken(): void;
}

/** The lock that one tab of an origin holds at a time: who has it, has the connection. */
export class TabLock {
  readonly #locks: LockManager;
  readonly #name: string;
  readonly #listeners: TabLockListeners;
  readonly #leaving = new AbortController();
  #letGo: (() => void) | undefined;
  #isQueued = false;

  constructor(locks: LockManager, name: string, listeners: TabLockListeners) {
    this.#locks = locks;
    this.#name = name;
    this.#listeners = listeners;
  }

  /** Takes the lock if nobody has it. Otherwise says so, and waits for its turn, if it may have one. */
  queue(onWait: () => void): void {
    const onLock = (lock: unknown) => {
      if (lock !== null) return this.#hold();
      this.#wait();
      onWait();
      return undefined;
    };
    // Locks may be there and yet be denied, as with cookies that are blocked.
    this.#request({ ifAvailable: true }, onLock, onWait);
  }

  #wait(): void {
    // Who has stolen the lock meanwhile, and lost it again, waits still.
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#request({ signal: this.#leaving.signal }, () => {
      this.#isQueued = false;
      return this.#hold();
    });
  }

  /** Takes the lock from a tab that does not answer. */
  steal(): void {
    this.#request({ steal: true }, () => this.#hold());
  }

  /** Gives the lock to the next tab, and waits for it no more. */
  release(): void {
    this.#leaving.abort();
    this.#letGo?.();
  }

  #hold(): Promise<void> | undefined {
    if (this.#leaving.signal.aborted) return undefined;
    return new Promise<void>((resolve) => {
      this.#letGo = resolve;
      this.#listeners.onHeld();
    });
  }

  #request(
    options: Parameters<LockManager["request"]>[1],
    onGranted: (lock: unknown) => Promise<void> | undefined,
    onDenied?: () => void,
  ): void {
    let isHeld = false;
    const granted = this.#locks.request(this.#name, options, (lock) => {
      const held = onGranted(lock);
      isHeld = held !== undefined;
      return held;
    });
    // It rejects when the lock is stolen, and for who has left while waiting.
    granted.catch(() => {
      if (isHeld) this.#listeners.onTaken();
      else onDenied?.();
    });
  }
}
