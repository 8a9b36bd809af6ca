import { resolveConnectOptions, type ConnectOptions } from "./connect-options.js";
import { Link } from "./link.js";
import { report } from "./report.js";
import type { Signal, StreamState } from "./signal.js";
import type { StreamEvent, Unsubscribe } from "./sse-stream.js";
import { absolute } from "./absolute.js";
import { valueOf } from "./value-of.js";

/** Options of {@link follow}: the options of `connect()` without those that make no sense for a run. */
export type FollowOptions = Omit<ConnectOptions, "shared" | "lastEventId">;

/**
 * The state of a run: `connecting`, `open` or `waiting` as for a stream; how the run ended (`done`, `failed`,
 * `cancelled`, `lost`); or why it cannot be followed: `unknown` (404), `unauthorized` (401), `forbidden` (403), `closed`
 * by this page.
 */
export type RunState =
  StreamState | "done" | "failed" | "cancelled" | "lost" | "unknown" | "unauthorized" | "forbidden";

/** A run at one moment. */
export interface RunSnapshot {
  /** The data of all events so far, joined. */
  readonly text: string;
  /** All events so far. The list grows with the run. */
  readonly events: readonly StreamEvent[];
  readonly state: RunState;
}

/** A run that this page follows. */
export interface FollowedRun extends RunSnapshot {
  /** The URL of the run. Keep it to follow the run again after a reload of the page. */
  readonly url: string;
  /** Resolves with the last state. */
  readonly done: Promise<RunState>;
  /** Returns the same object until something changes; made for `useSyncExternalStore` and the like. */
  get(): RunSnapshot;
  /** Calls back after each change. */
  subscribe(listener: () => void): Unsubscribe;
  /** Asks the server to cancel the run, with a DELETE request to its URL. Rejects if the server refuses. */
  cancel(): Promise<void>;
  /** Stops following. The run goes on. */
  close(): void;
}

/**
 * Follows a run from its first event to its end. It reconnects when the connection is lost. After a reload of the page,
 * call it with the URL of the run.
 *
 * If the first request begins the run (`method`, `body`), the server must answer with the URL of the run in `Location`;
 * the client reconnects to that URL.
 *
 * @param url absolute, or relative to the page
 * @throws TypeError for a wrong URL or option
 */
export function follow(url: string | URL, options: FollowOptions = {}): FollowedRun {
  return new Followed(url, options);
}

// 204: there is nothing to follow.
function stateOf(reason: string): RunState {
  return reason === "stop" ? "closed" : (reason as RunState);
}

class Followed implements FollowedRun {
  url: string;
  readonly done: Promise<RunState>;
  readonly #options: FollowOptions;
  readonly #link: Link;
  readonly #listeners = new Set<() => void>();
  #snapshot: RunSnapshot = { text: "", events: [], state: "connecting" };
  #isOver = false;
  #finish!: (state: RunState) => void;

  constructor(url: string | URL, options: FollowOptions) {
    const { signal, ...settings } = resolveConnectOptions(options);
    this.#options = options;
    this.url = absolute(url);
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const link = {
      ...settings,
      url: this.url,
      fetch: this.#fetch.bind(this),
      onResponse: this.#see.bind(this),
      whenTaken: () => undefined,
    };
    this.#link = new Link(link, undefined, this.#take.bind(this));
    signal?.addEventListener("abort", this.close.bind(this), { once: true });
    if (signal?.aborted === true) this.close();
  }

  get text(): string {
    return this.#snapshot.text;
  }

  get events(): readonly StreamEvent[] {
    return this.#snapshot.events;
  }

  get state(): RunState {
    return this.#snapshot.state;
  }

  get(): RunSnapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): Unsubscribe {
    const own = () => {
      listener();
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  async cancel(): Promise<void> {
    const { headers: given, fetch: send = fetch } = this.#options;
    const headers =
      typeof given === "function" ? await given({ attempt: 1, status: undefined }) : given;
    const { credentials } = resolveConnectOptions(this.#options);
    const init = { method: "DELETE", credentials, ...(headers && { headers }) };
    const { ok, status } = await send(this.url, init);
    if (!ok) throw new Error(`The server answered DELETE ${this.url} with ${status}.`);
  }

  close(): void {
    this.#end("closed");
  }

  // The request that began the run must not be repeated.
  #fetch(url: string, init: RequestInit): Promise<Response> {
    const { fetch: send = fetch } = this.#options;
    if (url === this.url) return send(url, init);
    const { body: _body, ...rest } = init;
    return send(this.url, { ...rest, method: "GET" });
  }

  async #see(response: Response): Promise<void> {
    const location = response.ok && response.headers.get("Location");
    if (location) this.url = new URL(location, response.url || this.url).href;
    try {
      await this.#options.onResponse?.(response);
    } finally {
      if (response.status === 404) this.#end("unknown");
    }
  }

  #take(signal: Signal): void {
    if (this.#isOver) return;
    if (signal.kind === "end") {
      if (signal.isFinal) this.#end(stateOf(signal.reason));
    } else if (signal.kind === "state") {
      if (signal.state !== "closed") this.#change({ state: signal.state });
    } else if (signal.event === "hub:open") {
      // It is another run, or the first time: all events of the run follow.
      const { recovered } = JSON.parse(signal.data) as { recovered: boolean | null };
      if (recovered !== true) this.#change({ text: "", events: [] });
    } else if (!signal.event.startsWith("hub:")) {
      const { event, data, id } = signal;
      // The types of the events are declared by the application, so they are not known here.
      const events = this.events as unknown[];
      events.push({ event, data: valueOf(data), id });
      this.#change({ text: this.text + data });
    }
  }

  #end(state: RunState): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link.close();
    this.#change({ state });
    this.#finish(state);
  }

  #change(change: Partial<RunSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        report(error);
      }
    }
  }
}
