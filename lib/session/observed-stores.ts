import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import {
  isAway,
  isStore,
  observeStore,
  unobserveStore,
  type ObservedStore,
  type StoreObserver,
} from "./store-observer.js";

/** The session stores that one hub observes. */
export class ObservedStores {
  readonly #observer: StoreObserver;
  readonly #stores = new Set<ObservedStore>();
  #isClosed = false;

  constructor(observer: StoreObserver) {
    this.#observer = observer;
  }

  /** Observes a store from now on. Returns false if it was observed before. @throws SseHubTypeError `ERR_SSE_OPTION` */
  add(store: object): boolean {
    if (!isStore(store)) {
      throw new SseHubTypeError(
        "ERR_SSE_OPTION",
        `observe() was given ${describe(store)}. Expected a session store of express-session, with get, set and destroy.`,
      );
    }
    if (this.#isClosed || this.#stores.has(store)) return false;
    this.#stores.add(store);
    observeStore(store, this.#observer);
    return true;
  }

  get isInUse(): boolean {
    return this.#stores.size > 0;
  }

  /** True if one of the stores has emitted "disconnect", and no "connect" since. */
  get isAway(): boolean {
    return [...this.#stores].some(isAway);
  }

  close(): void {
    this.#isClosed = true;
    for (const store of this.#stores) unobserveStore(store, this.#observer);
  }
}
