import type { EventData, EventName } from "../wire/event.js";
import { resolveConnectOptions, type ConnectOptions } from "./connect-options.js";
import { Link } from "./link.js";
import { baseUrl, page } from "./page.js";
import { report } from "./report.js";
import type { Trouble } from "./return-delay.js";
import { SharedLink } from "./shared-link.js";
import { openSharing } from "./sharing.js";
import type { Signal, StateSignal, StreamState, Waiting } from "./signal.js";

/** What the hub said when the stream opened. */
export interface StreamVerdict {
  /** The connection's id, for `hub.except()` on the server. */
  readonly connection: string;
  /** `null`: a first visit; `true`: what was missed follows; `false`: load the page's state again. */
  readonly recovered: boolean | null;
  /** Why what was missed cannot be told: `trimmed`, `epoch` or `unknown`. */
  readonly reason?: string;
}

/** What {@link SseStream.onEnd} is told beside the reason, with the answer where it was no stream. */
export interface StreamEnd extends Trouble {
  /** True when the stream does not come back by itself. */
  readonly isFinal: boolean;
}

/** Ends what one call of `on…` began. */
export type Unsubscribe = () => void;

/** A stream of a hub that returns by itself. */
export interface SseStream {
  readonly state: StreamState;
  /** The id of the open connection, this tab's or the one it shares. */
  readonly connection: string | undefined;
  /** Calls back with the text of each event of that name. */
  on(event: EventName, listener: (text: string) => void): Unsubscribe;
  /** Calls back with the value of each event of that name, whose data must be JSON. */
  onJson<E extends EventName>(event: E, listener: (value: EventData<E>) => void): Unsubscribe;
  /** Calls back each time the stream has opened. */
  onOpen(listener: (verdict: StreamVerdict) => void): Unsubscribe;
  /** Calls back when the log has overtaken this reader: load the page's state again. */
  onGap(listener: (gap: { readonly reason: string }) => void): Unsubscribe;
  /**
   * Calls back when the server ends the stream: with a reason of `hub:end`, with `unauthorized` (401),
   * `forbidden` (403) or `stop` (204). Most are followed by a return; {@link StreamEnd} tells.
   *
   * `unauthorized` is said of redirects to a login, too: after three tries in a row that led to a page of
   * HTML, or to another origin that does not answer this one. The `url` is where they led.
   */
  onEnd(listener: (reason: string, end: StreamEnd) => void): Unsubscribe;
  /** Calls back with each new state; with `waiting` it says why, and for how long. */
  onState(listener: (state: StreamState, waiting?: Waiting) => void): Unsubscribe;
  /**
   * The same as `fetch`, but tells this origin's server which connection the page has, in the header
   * `SSE-Connection`: `hub.except(req.sse.connectionId)` leaves it out of what it caused itself.
   */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
  /** Leaves, for good. */
  close(): void;
}

/**
 * Opens a stream of a hub, and keeps it: it returns with its cursor after everything but 204, 401, 403,
 * redirects to a login, and the reasons `stop` and `done`.
 *
 * ```ts
 * const stream = connect("/events");
 * stream.onJson("order", (order) => show(order));
 * stream.onOpen(({ recovered }) => { if (recovered !== true) loadOrders(); });
 * ```
 *
 * @param url absolute, or relative to the page
 * @throws TypeError for a URL or an option it does not understand
 */
export function connect(url: string | URL, options: ConnectOptions = {}): SseStream {
  return new Stream(url, options);
}

type Listener = (...args: never[]) => void;

class Stream implements SseStream {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #link: Link | SharedLink;
  #state: StreamState = "connecting";
  #connection: string | undefined;
  #hasLeft = false;
  readonly #signal: AbortSignal | null;
  readonly #onAbort = this.close.bind(this);

  constructor(url: string | URL, options: ConnectOptions) {
    const { lastEventId, shared, signal, ...settings } = resolveConnectOptions(options);
    const { method, body, credentials } = settings;
    const link = { ...settings, url: absolute(url) };
    // It throws for what no try could ever send.
    new Request(link.url, { method, body, credentials });
    const sharing = shared ? openSharing(link) : undefined;
    const take = this.#take.bind(this);
    const cursor = lastEventId ?? undefined;
    this.#link =
      sharing === undefined
        ? new Link(link, cursor, take)
        : new SharedLink(link, cursor, take, sharing);
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
    const isOwnOrigin = url.origin === page.location?.origin;
    if (isOwnOrigin && this.#connection !== undefined) {
      headers.set("SSE-Connection", this.#connection);
    }
    return fetch(url, { ...init, headers });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#hasLeft = true;
    this.#link.close();
    this.#setState({ kind: "state", state: "closed" });
  }

  #take(signal: Signal): void {
    // A listener may have left in the middle of what there was to tell.
    if (this.#hasLeft) return;
    if (signal.kind === "state") this.#setState(signal);
    else if (signal.kind === "event") this.#call(`event ${signal.event}`, signal.data);
    else this.#call("end", signal.reason, { ...signal.trouble, isFinal: signal.isFinal });
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
    // Each call counts for itself, though the same function may be given twice.
    const own: Listener = (...args) => {
      listener(...args);
    };
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  // A listener that throws stops neither the others nor the stream.
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

function absolute(url: string | URL): string {
  const base = baseUrl();
  try {
    return new URL(url, base).href;
  } catch {
    const expected = base === undefined ? "an absolute URL: there is no page here" : "a URL";
    throw new TypeError(`connect() was given ${String(url)}. Expected ${expected}.`);
  }
}

function parse(event: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(
      `The data of the event ${event} is no JSON: ${text.slice(0, 100)}. Listen with on() to have it as text.`,
      { cause },
    );
  }
}
