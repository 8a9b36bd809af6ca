import type { IncomingMessage } from "node:http";
import { isThenable } from "../async/is-thenable.js";
import { noteLoad } from "./session-load.js";

// Every route changes sessions through the session store. So the store is observed: its methods are wrapped, once per
// process for all hubs.

type Done = (...results: unknown[]) => unknown;

// A store that is called without a callback and returns no promise never says when the write is done. The write counts
// as done after this time.
const UNSAID_MS = 5_000;

/** The part of express-session's store contract that is used here. */
export interface ObservedStore {
  get: (id: string, done: (error: unknown, session?: unknown) => void) => unknown;
  set: (id: string, session: object, done?: Done) => unknown;
  destroy: (id: string, done?: Done) => unknown;
  touch?: (id: string, session: object, done?: Done) => unknown;
  clear?: (done?: Done) => unknown;
  /** Gives a request the session that `get` has returned. */
  createSession?: (req: IncomingMessage, session: object) => unknown;
  on?: (event: "connect" | "disconnect", listener: () => void) => unknown;
}

/** A listener for one hub. `onChange`, `onTouch` and `onClear` are called before the store writes anything. */
export interface StoreObserver {
  /** True if there are other nodes, which must be informed of changes. */
  tellsOthers(): boolean;
  /** @param session the new content, or `null` if the session is destroyed */
  onChange(id: string, session: object | null): void;
  /**
   * The change has been written. The caller of the store gets its answer when the returned promise is settled, so it
   * must settle soon; `undefined` if there is nothing to wait for.
   */
  onWritten(id: string, session: object | null): Promise<void> | undefined;
  /** The store has returned this session; `null` if it has none. */
  onRead(id: string, session: object | null): void;
  /** Another request has prolonged the session. */
  onTouch(id: string, session: object): void;
  /** All sessions are about to be destroyed. */
  onClear(): void;
  /** All sessions have been destroyed; the returned promise is as in {@link onWritten}. */
  onCleared(): Promise<void> | undefined;
}

interface Watched {
  readonly observers: Set<StoreObserver>;
  /** Changes whose write is not acknowledged yet: a read may still return the old session. */
  readonly inFlight: Map<string, { readonly session: object | null }>;
  /** While the callback of a read runs: what it was given, and when the read began, by `performance.now()`. */
  read?: { readonly session: unknown; readonly startedAt: number } | undefined;
  /** Number of clears that are not acknowledged. */
  clears: number;
  /** True after "disconnect", until "connect". */
  isAway: boolean;
}

const REGISTRY = Symbol.for("express-sse-hub.stores");

// Copies of this package, such as the CommonJS and the ES module one, share one wrapper.
function registry(): WeakMap<object, Watched> {
  const shared = globalThis as { [REGISTRY]?: WeakMap<object, Watched> };
  return (shared[REGISTRY] ??= new WeakMap());
}

/** True if the value has the methods of a session store. */
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

/** The change of a session that is being written now, if any. */
export function changeInFlight(
  store: ObservedStore,
  id: string,
): { readonly session: object | null } | undefined {
  const watched = registry().get(store);
  return watched?.inFlight.get(id) ?? (watched?.clears ? { session: null } : undefined);
}

/** True if the store has emitted "disconnect", and no "connect" since. */
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
  wrapCreate(store, watched);
  wrapChange(store, "set", watched);
  wrapChange(store, "destroy", watched);
  wrapClear(store, watched);
  wrapTouch(store, watched);
  return watched;
}

function wrapGet(store: ObservedStore, watched: Watched): void {
  const original = store.get as (...args: unknown[]) => unknown;
  store.get = function (this: unknown, ...args: unknown[]) {
    const [id] = args;
    const tell = (session: unknown) => {
      const given = typeof session === "object" ? session : null;
      if (typeof id !== "string") return;
      for (const observer of watched.observers) observer.onRead(id, given);
    };
    const index = args.findLastIndex((arg) => typeof arg === "function");
    if (index === -1) return tapped(original.apply(this, args), tell);
    const done = args[index] as Done;
    const startedAt = performance.now();
    const tellFirst: Done = (...results) => {
      if (results[0] == null) tell(results[1]);
      watched.read = { session: results[1], startedAt };
      try {
        return done(...results);
      } finally {
        watched.read = undefined;
      }
    };
    return original.apply(this, args.with(index, tellFirst));
  };
}

// express-session calls it within the callback of its read.
function wrapCreate(store: ObservedStore, watched: Watched): void {
  const original = store.createSession as ((...args: unknown[]) => unknown) | undefined;
  if (typeof original !== "function") return;
  store.createSession = function (this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    const { read } = watched;
    if (read?.session != null && read.session === args[1]) {
      noteLoad(args[0] as IncomingMessage, read.startedAt);
    }
    return result;
  };
}

// Without a callback the store returns a promise. The caller gets this same promise, and so learns if it rejects.
function tapped(result: unknown, tell: (value: unknown) => void): unknown {
  if (isThenable(result)) result.then(tell, () => undefined);
  return result;
}

function wrapChange(store: ObservedStore, name: "set" | "destroy", watched: Watched): void {
  const original = store[name] as (...args: unknown[]) => unknown;
  store[name] = function (this: unknown, ...args: unknown[]) {
    // Some stores destroy a list of sessions. A call without an id changes no session: the store says what is wrong.
    const ids = [args[0]].flat().filter((id) => typeof id === "string");
    if (ids.length === 0) return original.apply(this, args);
    const { inFlight, observers } = watched;
    const change = { session: name === "set" ? (args[1] as object) : null };
    for (const id of ids) inFlight.set(id, change);
    const settle = () => {
      for (const id of ids) if (inFlight.get(id) === change) inFlight.delete(id);
    };
    const tell = (observer: StoreObserver) =>
      ids.map((id) => observer.onWritten(id, change.session));
    for (const observer of observers) for (const id of ids) observer.onChange(id, change.session);
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
    const tell = (observer: StoreObserver) => [observer.onCleared()];
    for (const observer of watched.observers) observer.onClear();
    return callSettled(original, this, args, changeOf(watched, settle, tell));
  };
}

function wrapTouch(store: ObservedStore, { observers }: Watched): void {
  const original = store.touch as ((...args: unknown[]) => unknown) | undefined;
  if (original === undefined) return;
  store.touch = function (this: unknown, ...args: unknown[]) {
    const [id, session] = args;
    if (typeof id === "string") {
      for (const observer of observers) observer.onTouch(id, session as object);
    }
    return original.apply(this, args);
  };
}

function whenAll(
  { observers }: Watched,
  tell: (observer: StoreObserver) => ReadonlyArray<Promise<void> | undefined>,
): Promise<unknown> | undefined {
  const promises = [...observers].flatMap(tell).filter((promise) => promise !== undefined);
  return promises.length === 0 ? undefined : Promise.allSettled(promises);
}

/** The steps that follow a change of the store. */
interface Change {
  /** Call it when the change is written, or has failed. Runs once. */
  readonly settle: () => void;
  /** Informs the observers, and returns the promise that the caller's answer waits for. Runs once. */
  readonly tell: () => Promise<unknown> | undefined;
  /** True if `tell` may return a promise. */
  readonly mayWait: boolean;
}

function changeOf(
  watched: Watched,
  settle: () => void,
  tell: (observer: StoreObserver) => ReadonlyArray<Promise<void> | undefined>,
): Change {
  const [isSettled, told] = [onceOnly(settle), onceOnly(() => whenAll(watched, tell))];
  const mayWait = [...watched.observers].some((observer) => observer.tellsOthers());
  return { settle: isSettled, tell: told, mayWait };
}

// Runs the action at the first call; later calls return the same result.
function onceOnly<T>(action: () => T): () => T {
  let done: { readonly result: T } | undefined;
  return () => (done ??= { result: action() }).result;
}

// Keeps the callback, `this`, the promise and thrown errors as they are, but waits for the promise of `tell` before the
// callback is called, or the store's promise resolves. It never adds a callback: with one, some stores no longer
// reject their promise.
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
    // If no other node must be informed, the caller gets the store's own promise, which may have more methods.
    if (isThenable(result)) {
      const told = result.then(written, written);
      return mayWait ? told.then(() => result) : result;
    }
    if (done === undefined) {
      // The store never says when it has written, so the other nodes are informed now.
      void tell();
      setTimeout(settle, UNSAID_MS).unref();
    }
    return result;
  } catch (error) {
    void written();
    throw error;
  }
}
