import { EventParser, type Block } from "./event-parser.js";
import { onComeBack } from "./page.js";
import { ReturnDelay, readRetryAfter, type Trouble } from "./return-delay.js";
import type { Signal } from "./signal.js";

/** How a stream is asked for. */
export interface LinkOptions {
  /** Absolute. */
  readonly url: string;
  readonly withCredentials: boolean;
  readonly maxRetryMs: number;
  readonly silenceMs: number | null;
}

// What an answer that is no stream means, where it means the end. EventSource stops at the same.
const END_BY_STATUS: Readonly<Partial<Record<number, string>>> = {
  204: "stop",
  401: "unauthorized",
  403: "forbidden",
};

/** One stream that returns with its cursor until it is closed, or the server says that it is over. */
export class Link {
  /** The browser's place in the log: the newest id that came. */
  cursor: string | undefined;
  readonly #options: LinkOptions;
  readonly #tell: (signal: Signal) => void;
  readonly #returns: ReturnDelay;
  #isClosed = false;
  // Ends what is under way: a request, a stream, a wait.
  #stop: () => void = () => undefined;

  constructor(options: LinkOptions, cursor: string | undefined, tell: (signal: Signal) => void) {
    this.#options = options;
    this.cursor = cursor;
    this.#tell = tell;
    this.#returns = new ReturnDelay(options.maxRetryMs);
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  async #run(): Promise<void> {
    // Whoever has made the stream listens to it first.
    await Promise.resolve();
    while (!this.#isClosed) {
      const trouble = await this.#read();
      if (this.#isClosed) return;
      const retryMs = this.#returns.next(trouble);
      this.#tell({ kind: "state", state: "waiting", waiting: { ...trouble, retryMs } });
      await this.#wait(retryMs, trouble);
      if (!this.#isClosed) this.#tell({ kind: "state", state: "connecting" });
    }
  }

  /** One request, and its stream to the end. */
  async #read(): Promise<Trouble> {
    if (this.#isClosed) return {};
    const abort = new AbortController();
    this.#stop = () => {
      abort.abort();
    };
    const silence = new Silence(this.#options.silenceMs, this.#stop);
    this.#returns.onTry();
    try {
      const response = await this.#request(abort.signal);
      const { status } = response;
      const reason = END_BY_STATUS[status];
      if (reason !== undefined) this.#finish(reason, undefined);
      else if (isStream(response)) await this.#readBody(response, silence);
      else return { status, retryAfterMs: readRetryAfter(response.headers.get("Retry-After")) };
      return this.#returns.hasOpened ? {} : { status };
    } catch (error) {
      return { error };
    } finally {
      silence.end();
      abort.abort();
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const { url, withCredentials } = this.#options;
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.cursor !== undefined) headers["Last-Event-ID"] = this.cursor;
    const credentials = withCredentials ? "include" : "same-origin";
    const init = { headers, credentials, cache: "no-store", signal } as const;
    return fetch(url, init);
  }

  async #readBody({ body }: Response, silence: Silence): Promise<void> {
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser(
      (block) => {
        // A listener may have closed the stream in the middle of what had come.
        if (!this.#isClosed) this.#take(block);
      },
      (ms) => {
        this.#returns.retryMs = ms;
      },
    );
    while (!this.#isClosed) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.onSound();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  #take({ event, data, id }: Block): void {
    if (event === "hub:end" && data !== undefined) {
      this.#end((JSON.parse(data) as { reason: string }).reason, id);
      return;
    }
    if (id !== undefined) this.cursor = id;
    if (data === undefined) return;
    if (event === "hub:open") {
      const { connection } = JSON.parse(data) as { connection: string };
      this.#returns.onOpen();
      this.#tell({ kind: "state", state: "open", connection });
    }
    this.#tell({ kind: "event", event, data, id });
  }

  #end(reason: string, id: string | undefined): void {
    if (reason === "done" || reason === "stop") {
      this.#finish(reason, id);
      return;
    }
    this.cursor = id ?? this.cursor;
    // What failed once fails again: not every second.
    if (reason === "error") this.#returns.onError();
    this.#tell({ kind: "end", reason, isFinal: false, id });
  }

  #finish(reason: string, id: string | undefined): void {
    this.#isClosed = true;
    this.#tell({ kind: "state", state: "closed" });
    this.#tell({ kind: "end", reason, isFinal: true, id });
  }

  #wait(ms: number, { status }: Trouble): Promise<void> {
    return new Promise((resolve) => {
      // Whoever was told of the wait may have closed the stream.
      if (this.#isClosed) {
        resolve();
        return;
      }
      const goOn = () => {
        clearTimeout(timer);
        forget();
        resolve();
      };
      const timer = setTimeout(goOn, ms);
      // A server that has answered knows why one is to wait.
      const forget = status === undefined ? onComeBack(goOn) : () => undefined;
      this.#stop = goOn;
    });
  }
}

/** Tells when nothing has come for too long: a network that is gone does not say so. */
class Silence {
  readonly #ms: number | null;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number | null, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.onSound();
  }

  onSound(): void {
    clearTimeout(this.#timer);
    if (this.#ms !== null) this.#timer = setTimeout(this.#onSilence, this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

// A page of a proxy, or of a login, is no stream, whatever its status.
function isStream({ ok, headers, body }: Response): boolean {
  return ok && body !== null && /^text\/event-stream\b/i.test(headers.get("Content-Type") ?? "");
}
