import type { ConnectSettings } from "./connect-options.js";
import { EventParser, type Block } from "./event-parser.js";
import { onComeBack } from "./page.js";
import { report } from "./report.js";
import { ReturnDelay, readRetryAfter, type Answer, type Trouble } from "./return-delay.js";
import type { Signal } from "./signal.js";
import { Silence } from "./silence.js";
import { takenSoon } from "./taken-soon.js";

/** How a stream is asked for. */
export interface LinkOptions extends Pick<
  ConnectSettings,
  | "method"
  | "body"
  | "headers"
  | "credentials"
  | "fetch"
  | "onResponse"
  | "maxRetryMs"
  | "silenceMs"
> {
  /** Absolute. */
  readonly url: string;
  /** Asked before more is read: nothing is, until the promise is resolved. */
  readonly whenTaken: () => Promise<void> | undefined;
}

// What an answer that is no stream means, where it means the end. EventSource stops at the same.
const END_BY_STATUS: Readonly<Partial<Record<number, string>>> = {
  204: "stop",
  401: "unauthorized",
  403: "forbidden",
};

// A page of a proxy, or of a login, is no stream, whatever its status.
const STREAM = /^text\/event-stream\b/i;
// A page that is there for a moment, as while a server is being replaced, is no login.
const MAX_LOGINS = 3;

/** One stream that returns with its cursor until it is closed, or the server says that it is over. */
export class Link {
  /** The browser's place in the log: the newest id that came. */
  cursor: string | undefined;
  readonly #options: LinkOptions;
  readonly #tell: (signal: Signal) => void;
  readonly #returns: ReturnDelay;
  #logins = 0;
  // Of the last answer that was no stream.
  #status: number | undefined;
  #redirect: "follow" | "manual" = "follow";
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
    // The caller adds its listeners first.
    await Promise.resolve();
    while (!this.#isClosed) {
      const trouble = await this.#read();
      if (this.#isClosed) return;
      this.#status = trouble.status;
      // Whoever gives the headers may have a better one.
      if (trouble.status === 401) continue;
      this.#logins = isLogin(trouble) ? this.#logins + 1 : 0;
      if (this.#logins === MAX_LOGINS) {
        this.#finish("unauthorized", undefined, trouble);
        return;
      }
      const retryMs = this.#returns.next(trouble);
      this.#tell({ kind: "state", state: "waiting", waiting: { ...trouble, retryMs } });
      await this.#wait(retryMs, trouble);
      await this.#options.whenTaken();
      if (!this.#isClosed) this.#tell({ kind: "state", state: "connecting" });
    }
  }

  /** One request, and its stream to the end. */
  async #read(): Promise<Trouble> {
    const abort = new AbortController();
    this.#stop = () => {
      abort.abort();
    };
    const silence = new Silence(this.#options.silenceMs, this.#stop);
    this.#returns.onTry();
    let isRedirected = false;
    try {
      const headers = await this.#headers();
      let response = await this.#request(headers, abort.signal);
      this.#redirect = "follow";
      isRedirected = !response.ok && response.status < 400;
      if (isRedirected) response = await this.#request(headers, abort.signal);
      isRedirected = false;
      await this.#show(response);
      const answer = answerOf(response);
      const reason = END_BY_STATUS[answer.status];
      if (this.#isClosed || this.#mayRenew(answer)) return answer;
      if (reason !== undefined) this.#finish(reason, undefined, answer);
      else if (response.ok && STREAM.test(answer.contentType)) {
        await this.#readBody(response, silence);
      }
      return this.#returns.attempt === 0 ? {} : answer;
    } catch (error) {
      // A page is told of a redirect to another origin as of a network that is gone. Asked not to follow
      // it, a browser says that there is one, by the status 0; Node gives its own.
      this.#redirect = "manual";
      return { error, isRedirected };
    } finally {
      silence.end();
      abort.abort();
    }
  }

  async #headers(): Promise<Headers> {
    const { headers: own } = this.#options;
    const tried = { attempt: this.#returns.attempt, status: this.#status };
    const headers = new Headers((typeof own === "function" ? await own(tried) : own) ?? {});
    headers.set("Accept", "text/event-stream");
    if (this.cursor !== undefined) headers.set("Last-Event-ID", this.cursor);
    return headers;
  }

  #request(headers: Headers, signal: AbortSignal): Promise<Response> {
    const { url, fetch: send, ...own } = this.#options;
    const init = { ...own, headers, cache: "no-store", redirect: this.#redirect, signal } as const;
    return (send ?? fetch)(url, init);
  }

  async #show(response: Response): Promise<void> {
    try {
      await this.#options.onResponse?.(response);
    } catch (error) {
      report(error);
    }
  }

  /** True after the first 401 in a row, if headers are asked for. */
  #mayRenew({ status }: Answer): boolean {
    return status === 401 && this.#status !== 401 && typeof this.#options.headers === "function";
  }

  async #readBody({ body }: Response, silence: Silence): Promise<void> {
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let hasCursor = false;
    const parser = new EventParser(
      (block) => {
        hasCursor ||= block.id !== undefined;
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
      silence.end();
      parser.feed(decoder.decode(value, { stream: true }));
      const taken = this.#options.whenTaken();
      if (taken !== undefined && !(await takenSoon(taken))) {
        // Firefox goes on to load what nobody reads. To leave would lose what is not in a log.
        if (hasCursor) return;
        await taken;
      }
      silence.begin();
    }
  }

  #take({ event, data, id, except }: Block): void {
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
    this.#tell({ kind: "event", event, data, id, except });
  }

  #end(reason: string, id: string | undefined): void {
    if (id?.startsWith("done.") === true) {
      this.#finish(reason, id);
      return;
    }
    this.cursor = id ?? this.cursor;
    // What failed once fails again: not every second.
    if (reason === "error") this.#returns.onError();
    this.#tell({ kind: "end", reason, isFinal: false, id });
  }

  #finish(reason: string, id: string | undefined, trouble?: Trouble): void {
    this.#isClosed = true;
    this.#tell({ kind: "state", state: "closed" });
    this.#tell({ kind: "end", reason, isFinal: true, id, trouble });
  }

  #wait(ms: number, { status }: Trouble): Promise<void> {
    return new Promise((resolve) => {
      // A listener that was told of the wait may have closed the stream.
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

function answerOf({ status, headers, redirected, url }: Response): Trouble & Answer {
  return {
    status,
    contentType: headers.get("Content-Type") ?? "",
    isRedirected: redirected,
    url,
    retryAfterMs: readRetryAfter(headers.get("Retry-After")),
  };
}

// What a page may not read has no status: a redirect to another origin.
function isLogin({ isRedirected, status = 200, contentType = "text/html" }: Trouble): boolean {
  return isRedirected === true && status === 200 && /^text\/html/i.test(contentType);
}
