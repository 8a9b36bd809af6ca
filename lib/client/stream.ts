import type { EventData, EventName } from "../wire/event.js";
import { absolute } from "./absolute.js";
import { resolveConnectOptions, type ConnectOptions } from "./connect-options.js";
import { EventLoops } from "./event-loops.js";
import { baseUrl, page } from "./page.js";
import { report } from "./report.js";
import type { OpenedLink } from "./open-link.js";
import { openOwn, openShared } from "./sharing.js";
import type {
  EndSignal,
  EventSignal,
  Signal,
  StateSignal,
  StreamState,
  Waiting,
} from "./signal.js";
import type {
  AnyStreamEvent,
  Latest,
  SseStream,
  StreamEnd,
  StreamEvent,
  StreamVerdict,
  Unsubscribe,
} from "./sse-stream.js";
import { TabName } from "./tab-name.js";
import { valueOf } from "./value-of.js";

type Listener = (...args: never[]) => void;

/** A stream of a hub, over a connection of its own or a shared one. */
export class Stream implements SseStream {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #latest = new Map<string, unknown>();
  readonly #loops = new EventLoops();
  readonly #link: OpenedLink;
  // Only for a tab that may share its connection.
  readonly #tab: TabName | undefined;
  #state: StreamState = "connecting";
  #connection: string | undefined;
  #hasLeft = false;
  readonly #signal: AbortSignal | null;
  readonly #onAbort = this.close.bind(this);

  constructor(url: string | URL, options: ConnectOptions) {
    const { lastEventId, shared, signal, ...settings } = resolveConnectOptions(options);
    const { method, body, credentials } = settings;
    const link = { ...settings, url: absolute(url), whenTaken: () => this.#loops.whenTaken };
    // Throws at once for options with which no request can be sent.
    new Request(link.url, { method, body, credentials });
    const mayShare = shared && Boolean(page.navigator?.locks);
    this.#tab = mayShare ? new TabName() : undefined;
    const open = mayShare ? openShared : openOwn;
    this.#link = open(link, lastEventId ?? undefined, this.#take.bind(this));
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted === true) this.close();
  }

  get state(): StreamState {
    return this.#state;
  }

  get connection(): string | undefined {
    return this.#connection;
  }

  on(event: string, listener: (text: string) => void): Unsubscribe {
    return this.#add(`event ${event}`, listener);
  }

  onJson<E extends EventName>(event: E, listener: (value: EventData<E>) => void): Unsubscribe {
    return this.#addJson(event, listener);
  }

  latest<E extends EventName>(event: E): Latest<E> {
    const known = this.#latest.get(event) as Latest<E> | undefined;
    if (known) return known;
    let value: unknown;
    const name = `latest ${event}`;
    const set = (text?: string) => {
      value = valueOf(text);
      this.#call(name);
    };
    this.on(event, set);
    // What a user was sent is not for the next one.
    this.onEnd((reason) => {
      if (reason === "user") set();
    });
    const latest: Latest<E> = {
      get: () => value as EventData<E> | undefined,
      subscribe: this.#add.bind(this, name),
    };
    this.#latest.set(event, latest);
    return latest;
  }

  events<E extends EventName>(event: E): AsyncIterableIterator<StreamEvent<E>> {
    const events = this.#loops.over((name) => name === event);
    return events as AsyncIterableIterator<StreamEvent<E>>;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<AnyStreamEvent> {
    return this.#loops.over((name) => !name.startsWith("hub:"));
  }

  onOpen(listener: (verdict: StreamVerdict) => void): Unsubscribe {
    return this.#addJson("hub:open", listener);
  }

  onGap(listener: (gap: { readonly reason: string }) => void): Unsubscribe {
    return this.#addJson("hub:gap", listener);
  }

  onEnd(listener: (reason: string, end: StreamEnd) => void): Unsubscribe {
    return this.#add("end", listener);
  }

  onState(listener: (state: StreamState, waiting?: Waiting) => void): Unsubscribe {
    return this.#add("state", listener);
  }

  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input, baseUrl());
    const headers = new Headers(init.headers);
    if (url.origin === page.location?.origin) {
      await this.#tab?.ready;
      const name = this.#tab?.text ?? this.#connection;
      if (name) headers.set("SSE-Connection", name);
    }
    return fetch(url, { ...init, headers });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#hasLeft = true;
    this.#link.close();
    this.#loops.leave();
    this.#setState({ kind: "state", state: "closed" });
  }

  #take(signal: Signal): void {
    // A listener may have closed the stream while a signal was dispatched.
    if (this.#hasLeft) return;
    if (signal.kind === "state") this.#setState(signal);
    else if (signal.kind === "event") this.#event(signal);
    else this.#onEnd(signal);
  }

  #onEnd({ reason, isFinal, trouble }: EndSignal): void {
    this.#call("end", reason, { ...trouble, isFinal });
    if (isFinal) this.#loops.end(reason, trouble);
  }

  #event(signal: EventSignal): void {
    const { event, data, except } = signal;
    if (except && except === this.#tab?.mark) return;
    this.#call(`event ${event}`, data);
    this.#loops.give(signal);
  }

  #setState({ state, connection, waiting }: StateSignal): void {
    this.#connection = connection;
    if (state === this.#state) return;
    this.#state = state;
    if (state === "closed") this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#call("state", state, waiting);
  }

  #addJson(event: string, listener: Listener): Unsubscribe {
    return this.on(event, (text) => {
      listener(parse(event, text) as never);
    });
  }

  #add(name: string, listener: Listener): Unsubscribe {
    // A function of its own, so that the same listener can be added twice and removed once.
    const own: Listener = (...args) => {
      listener(...args);
    };
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  // If a listener throws, the other listeners are still called, and the stream goes on.
  #call(name: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(...(args as never[]));
      } catch (error) {
        report(error);
      }
    }
  }
}

function parse(event: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(
      `The data of the event ${event} is not JSON: ${text.slice(0, 100)}. Use on() for text.`,
      { cause },
    );
  }
}
