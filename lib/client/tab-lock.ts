import type { LockManager } from "./page.js";

/** Is called when the tab gets or loses the lock. */
export interface TabLockListeners {
  onHeld(): void;
  /** Another tab has stolen the lock, because this tab did not answer. */
  onTaken(): void;
}

/** The lock that one tab of an origin holds at a time: the tab that holds it has the connection. */
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

  /** Takes the lock if it is free. Otherwise calls `onWait` and waits for the lock, if locks are allowed. */
  queue(onWait: () => void): void {
    const onLock = (lock: unknown) => {
      if (lock !== null) return this.#hold();
      this.#wait();
      onWait();
      return undefined;
    };
    // The browser may have locks but deny them, for example if cookies are blocked.
    this.#request({ ifAvailable: true }, onLock, onWait);
  }

  #wait(): void {
    // A tab that has stolen the lock and lost it again is still waiting.
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

  /** Releases the lock to the next tab, and stops waiting for it. */
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
    // Rejects when the lock is stolen, or when this tab stops waiting.
    granted.catch(() => {
      if (isHeld) this.#listeners.onTaken();
      else onDenied?.();
    });
  }
}
