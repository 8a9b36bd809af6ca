import { isThenable } from "../is-thenable.js";

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
}

/** Who wants to know. Called at the call of the store's method, before anything is written. */
export interface StoreObserver {
  /** @param session what is to be stored, or `null` when the session is destroyed */
  onChange(id: string, session: object | null): void;
  /** Another request has prolonged the session. */
  onTouch(id: string, session: object): void;
  /** All sessions are gone. */
  onClear(): void;
}

interface Watched {
  readonly observers: Set<StoreObserver>;
  /** Changes whose write is not acknowledged: a read may still give the state before. */
  readonly inFlight: Map<string, { readonly session: object | null }>;
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
  return registry().get(store)?.inFlight.get(id);
}

function watchedOf(store: ObservedStore): Watched {
  const known = registry().get(store);
  if (known !== undefined) return known;
  const watched: Watched = { observers: new Set(), inFlight: new Map() };
  registry().set(store, watched);
  wrapChange(store, "set", watched);
  wrapChange(store, "destroy", watched);
  wrapNews(store, "touch", ([id, session]) => {
    for (const one of watched.observers) one.onTouch(id as string, session as object);
  });
  wrapNews(store, "clear", () => {
    for (const one of watched.observers) one.onClear();
  });
  return watched;
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
    for (const observer of watched.observers) observer.onChange(id, change.session);
    return callSettled(original, this, args, settle);
  };
}

function wrapNews(
  store: ObservedStore,
  name: "touch" | "clear",
  tell: (args: readonly unknown[]) => void,
): void {
  const original = store[name] as ((...args: unknown[]) => unknown) | undefined;
  if (original === undefined) return;
  store[name] = function (this: unknown, ...args: unknown[]) {
    tell(args);
    return original.apply(this, args);
  };
}

// Callback, `this`, promise and what is thrown stay as they are; `settle` comes before the callback.
// A callback is never added: with one, some stores no longer reject.
function callSettled(
  original: (...args: unknown[]) => unknown,
  self: unknown,
  args: readonly unknown[],
  settle: () => void,
): unknown {
  const index = args.findLastIndex((arg) => typeof arg === "function");
  const done = args[index] as Done | undefined;
  const settleFirst = (...results: unknown[]) => {
    settle();
    return done?.(...results);
  };
  try {
    const result = original.apply(
      self,
      done === undefined ? [...args] : args.with(index, settleFirst),
    );
    if (isThenable(result)) result.then(settle, settle);
    else if (done === undefined) setTimeout(settle, UNSAID_MS).unref();
    return result;
  } catch (error) {
    settle();
    throw error;
  }
}
