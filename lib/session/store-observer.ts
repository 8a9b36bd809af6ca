import { isThenable } from "../async/is-thenable.js";

// Every change of a session goes through its store, on whatever route it is made. So a store that
// requests come with is observed: once per process, whatever the number of hubs.

type Done = (...results: unknown[]) => unknown;

// A store that is called without a callback, and gives no promise, never says that it is done.
const UNSAID_MS = 5_000;

/** What of a session store is needed here; express-session's contract. */
export interface ObservedStore {
  get: (id: string, done: (error: unknown, session?: unknown) => void) => unknown;
  set: (id: string, session: object, done?: Done) => unknown;
  destroy: (id: string, done?: Done) => unknown;
  touch?: (id: string, session: object, done?: Done) => unknown;
  clear?: (done?: Done) => unknown;
  on?: (event: "connect" | "disconnect", listener: () => void) => unknown;
}

/** Who wants to know. Called at the call of the store's method, before anything is written. */
export interface StoreObserver {
  /** True when there are other nodes, which are told of changes. */
  tellsOthers(): boolean;
  /** @param session what is to be stored, or `null` when the session is destroyed */
  onChange(id: string, session: object | null): void;
  /**
   * The change has been written. Its caller is told so when the returned promise has resolved, which
   * it must, and soon; `undefined` where there is nothing to wait for.
   */
  onWritten(id: string, session: object | null): Promise<void> | undefined;
  /** The store has given this session; `null` where it has none. */
  onRead(id: string, session: object | null): void;
  /** Another request has prolonged the session. */
  onTouch(id: string, session: object): void;
  /** All sessions are gone. */
  onClear(): void;
  /** They have been destroyed; like {@link onWritten}. */
  onCleared(): Promise<void> | undefined;
}

interface Watched {
  readonly observers: Set<StoreObserver>;
  /** Changes whose write is not acknowledged: a read may still give the state before. */
  readonly inFlight: Map<string, { readonly session: object | null }>;
  /** Number of clears that are not acknowledged. */
  clears: number;
  /** The store has said that it is away. */
  isAway: boolean;
}

const REGISTRY = Symbol.for("express-sse-hub.stores");

// Copies of this package, such as its two module flavours, share the one wrapper.
function registry(): WeakMap<object, Watched> {
  const shared = globalThis as { [REGISTRY]?: WeakMap<object, Watched> };
  return (shared[REGISTRY] ??= new WeakMap());
}

/** True for what can be observed. */
export function isStore(value: unknown): value is ObservedStore {
  if (typeof value !== "object" || value === null) return false;
  const { get, set, destroy } = value as Partial<ObservedStore>;
  return [get, set, destroy].every((method) => typeof method === "function");
}

/** Observes a store from now on. Observing it again changes nothing. */
export function observeStore(store: ObservedStore, observer: StoreObserver): void {
  watchedOf(store).observers.add(observer);
}

export function unobserveStore(store: ObservedStore, observer: StoreObserver): void {
  registry().get(store)?.observers.delete(observer);
}

/** The change of a session that is being written, if there is one. */
export function changeInFlight(
  store: ObservedStore,
  id: string,
): { readonly session: object | null } | undefined {
  const watched = registry().get(store);
  return watched?.inFlight.get(id) ?? (watched?.clears ? { session: null } : undefined);
}

/** True when the store has said that it is disconnected, and not yet that it is back. */
export function isAway(store: ObservedStore): boolean {
  return registry().get(store)?.isAway === true;
}

function watchedOf(store: ObservedStore): Watched {
  const known = registry().get(store);
  if (known !== undefined) return known;
  const watched = {
    observers: new Set<StoreObserver>(),
    inFlight: new Map(),
    clears: 0,
    isAway: false,
  };
  registry().set(store, watched);
  store.on?.("disconnect", () => {
    watched.isAway = true;
  });
  store.on?.("connect", () => {
    watched.isAway = false;
  });
  wrapGet(store, watched);
  wrapChange(store, "set", watched);
  wrapChange(store, "destroy", watched);
  wrapClear(store, watched);
  wrapTouch(store, watched);
  return watched;
}

function wrapGet(store: ObservedStore, { observers }: Watched): void {
  const original = store.get as (...args: unknown[]) => unknown;
  store.get = function (this: unknown, ...args: unknown[]) {
    const tell = (session: unknown) => {
      const given = typeof session === "object" ? session : null;
      for (const observer of observers) observer.onRead(args[0] as string, given);
    };
    const index = args.findLastIndex((arg) => typeof arg === "function");
    if (index === -1) return tapped(original.apply(this, args), tell);
    const done = args[index] as Done;
    const tellFirst: Done = (...results) => {
      if (results[0] == null) tell(results[1]);
      return done(...results);
    };
    return original.apply(this, args.with(index, tellFirst));
  };
}

// Without a callback the store gives a promise. It stays as it is: who took it hears of its failure.
function tapped(result: unknown, tell: (value: unknown) => void): unknown {
  if (isThenable(result)) result.then(tell, () => undefined);
  return result;
}

function wrapChange(store: ObservedStore, name: "set" | "destroy", watched: Watched): void {
  const original = store[name] as (...args: unknown[]) => unknown;
  store[name] = function (this: unknown, ...args: unknown[]) {
    const id = args[0] as string;
    const change = { session: name === "set" ? (args[1] as object) : null };
    watched.inFlight.set(id, change);
    const settle = () => {
      if (watched.inFlight.get(id) === change) watched.inFlight.delete(id);
    };
    const tell = (observer: StoreObserver) => observer.onWritten(id, change.session);
    for (const observer of watched.observers) observer.onChange(id, change.session);
    return callSettled(original, this, args, changeOf(watched, settle, tell));
  };
}

function wrapClear(store: ObservedStore, watched: Watched): void {
  const original = store.clear as ((...args: unknown[]) => unknown) | undefined;
  if (original === undefined) return;
  store.clear = function (this: unknown, ...args: unknown[]) {
    watched.clears += 1;
    const settle = () => {
      watched.clears -= 1;
    };
    const tell = (observer: StoreObserver) => observer.onCleared();
    for (const observer of watched.observers) observer.onClear();
    return callSettled(original, this, args, changeOf(watched, settle, tell));
  };
}

function wrapTouch(store: ObservedStore, { observers }: Watched): void {
  const original = store.touch as ((...args: unknown[]) => unknown) | undefined;
  if (original === undefined) return;
  store.touch = function (this: unknown, ...args: unknown[]) {
    for (const observer of observers) observer.onTouch(args[0] as string, args[1] as object);
    return original.apply(this, args);
  };
}

function whenAll(
  { observers }: Watched,
  tell: (observer: StoreObserver) => Promise<void> | undefined,
): Promise<unknown> | undefined {
  const promises = [...observers].map(tell).filter((promise) => promise !== undefined);
  return promises.length === 0 ? undefined : Promise.allSettled(promises);
}

/** What is to be done about a change of the store. */
interface Change {
  /** It is written, or has failed. Called once. */
  readonly settle: () => void;
  /** Tells the observers before the caller is answered, and gives what to wait for. Called once. */
  readonly tell: () => Promise<unknown> | undefined;
  /** True when there may be something to wait for. */
  readonly mayWait: boolean;
}

function changeOf(
  watched: Watched,
  settle: () => void,
  tell: (observer: StoreObserver) => Promise<void> | undefined,
): Change {
  const [isSettled, told] = [onceOnly(settle), onceOnly(() => whenAll(watched, tell))];
  const mayWait = [...watched.observers].some((observer) => observer.tellsOthers());
  return { settle: isSettled, tell: told, mayWait };
}

// The first call counts; later ones give the same.
function onceOnly<T>(action: () => T): () => T {
  let done: { readonly result: T } | undefined;
  return () => (done ??= { result: action() }).result;
}

// Callback, `this`, promise and what is thrown stay as they are; what `tell` gives is waited for before
// the callback is called, or the promise resolves. A callback is never added: with one, some stores no
// longer reject.
function callSettled(
  original: (...args: unknown[]) => unknown,
  self: unknown,
  args: readonly unknown[],
  { settle, tell, mayWait }: Change,
): unknown {
  const index = args.findLastIndex((arg) => typeof arg === "function");
  const done = args[index] as Done | undefined;
  const written = () => {
    settle();
    return tell();
  };
  const tellFirst = (...results: unknown[]) => {
    const told = written();
    if (told === undefined) return done?.(...results);
    void told.then(() => done?.(...results));
    return undefined;
  };
  try {
    const given = done === undefined ? [...args] : args.with(index, tellFirst);
    const result = original.apply(self, given);
    // The store's own promise where nobody is to be told: it may be more than a promise.
    if (isThenable(result)) {
      const told = result.then(written, written);
      return mayWait ? told.then(() => result) : result;
    }
    if (done === undefined) {
      // Nobody will hear when it is written: others are told now, and read it a moment later.
      void tell();
      setTimeout(settle, UNSAID_MS).unref();
    }
    return result;
  } catch (error) {
    void written();
    throw error;
  }
}
