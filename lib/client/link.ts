import type { ConnectSettings } from "./connect-options.js";
import { EventParser, type Block } from "./event-parser.js";
import { onComeBack } from "./page.js";
import { report } from "./report.js";
import { ReconnectDelay, readRetryAfter, type Answer, type Trouble } from "./reconnect-delay.js";
import type { Signal } from "./signal.js";
import { Silence } from "./silence.js";
import { waitForLoops } from "./wait-for-loops.js";

/** The request of a stream. */
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
  /** Called before more is read. If it returns a promise, the stream reads no more until it resolves. */
  readonly whenTaken: () => Promise<void> | undefined;
}

// The statuses that end the stream, with their reasons. EventSource ends at them too.
const END_BY_STATUS: Readonly<Partial<Record<number, string>>> = {
  204: "stop",
  401: "unauthorized",
  403: "forbidden",
};

// A page of a proxy or a login is not a stream, whatever its status.
const STREAM = /^text\/event-stream\b/i;
// A single page of HTML may be temporary, such as while a server is replaced, so a login must be seen this often.
const MAX_LOGINS = 3;

/** One stream. It reconnects with its cursor until it is closed, or the server ends it for good. */
export class Link {
  /** The browser's cursor: the newest id that it has received. */
  cursor: string | undefined;
  readonly #options: LinkOptions;
  readonly #tell: (signal: Signal) => void;
  readonly #delay: ReconnectDelay;
  #logins = 0;
  // Status of the last answer, if that was not a stream.
  #status: number | undefined;
  #redirect: "follow" | "manual" = "follow";
  #isClosed = false;
  // Ends the current request, stream or wait.
  #stop: () => void = () => undefined;

  constructor(options: LinkOptions, cursor: string | undefined, tell: (signal: Signal) => void) {
    this.#options = options;
    this.cursor = cursor;
    this.#tell = tell;
    this.#delay = new ReconnectDelay(options.maxRetryMs);
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  async #run(): Promise<void> {
    // The caller must be able to add its listeners first.
    await Promise.resolve();
    while (!this.#isClosed) {
      const trouble = await this.#read();
      if (this.#isClosed) return;
      this.#status = trouble.status;
      // The function for headers may have a new token.
      if (trouble.status === 401) continue;
      this.#logins = isLogin(trouble) ? this.#logins + 1 : 0;
      if (this.#logins === MAX_LOGINS) {
        this.#finish("unauthorized", undefined, trouble);
        return;
      }
      const retryMs = this.#delay.next(trouble);
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
    this.#delay.onTry();
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
      if (reason) this.#finish(reason, undefined, answer);
      else if (response.ok && STREAM.test(answer.contentType)) {
        await this.#readBody(response, silence);
      }
      return this.#delay.attempt === 0 ? {} : answer;
    } catch (error) {
      // A redirect to another origin fails like a lost network. So the next request does not follow redirects: a
      // browser then answers with status 0, and Node with the status itself.
      this.#redirect = "manual";
      return { error, isRedirected };
    } finally {
      silence.end();
      abort.abort();
    }
  }

  async #headers(): Promise<Headers> {
    const { headers: own } = this.#options;
    const tried = { attempt: this.#delay.attempt, status: this.#status };
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

  /** True after the first 401 in a row, if `headers` is a function. */
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
        // A listener may have closed the stream while a chunk was dispatched.
        if (!this.#isClosed) this.#take(block);
      },
      (ms) => {
        this.#delay.retryMs = ms;
      },
    );
    while (!this.#isClosed) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.end();
      parser.feed(decoder.decode(value, { stream: true }));
      const taken = this.#options.whenTaken();
      if (taken && !(await waitForLoops(taken))) {
        // Disconnects, because Firefox goes on loading what is not read. Without a cursor that would lose events.
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
      this.#delay.onOpen();
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
    // The handler may fail again, so the wait grows as after a failed try.
    if (reason === "error") this.#delay.onError();
    this.#tell({ kind: "end", reason, isFinal: false, id });
  }

  #finish(reason: string, id: string | undefined, trouble?: Trouble): void {
    this.#isClosed = true;
    this.#tell({ kind: "state", state: "closed" });
    this.#tell({ kind: "end", reason, isFinal: true, id, trouble });
  }

  #wait(ms: number, { status }: Trouble): Promise<void> {
    return new Promise((resolve) => {
      // A listener of `onState` may have closed the stream.
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
      // Only a wait without an answer ends early: a server that has answered wants the client to wait.
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

// The answer to a redirect to another origin cannot be read, so its status is missing.
function isLogin({ isRedirected, status = 200, contentType = "text/html" }: Trouble): boolean {
  return isRedirected === true && status === 200 && /^text\/html/i.test(contentType);
}
