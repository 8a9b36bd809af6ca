import { createServer, request, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createParser, type EventSourceMessage } from "eventsource-parser";

/** What a browser would send along. */
export interface StreamRequest {
  cookie?: string | undefined;
  lastEventId?: string | undefined;
  headers?: Record<string, string> | undefined;
  method?: string | undefined;
}

/** An event as EventSource would dispatch it. */
export interface StreamEvent {
  event: string;
  data: string;
  id: string | undefined;
}

/**
 * Opens a stream as a browser does and reads it event by event.
 *
 * @param target an application, which is served on a free port until the stream is closed, or a URL
 */
export async function openStream(
  target: RequestListener | string,
  path: string,
  { cookie, lastEventId, headers, method }: StreamRequest = {},
): Promise<StreamReader> {
  const { url, release } =
    typeof target === "string" ? { url: target, release: null } : await listen(target);
  const req = request(new URL(path, url), {
    agent: false,
    method: method ?? "GET",
    headers: {
      Accept: "text/event-stream",
      ...(cookie === undefined ? {} : { Cookie: cookie }),
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
      ...headers,
    },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    req.once("response", resolve).once("error", reject).end();
  });
  return new StreamReader(response, release);
}

/** Reads one stream. The hub's own events are kept apart from the application's. */
export class StreamReader {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Everything received, as text. */
  raw = "";
  /** Milliseconds the server asked to wait before a return. */
  retryMs: number | undefined;
  /** What EventSource would send as Last-Event-ID. */
  lastEventId: string | undefined;
  /** Everything received so far, in order. */
  readonly all: StreamEvent[] = [];
  /** The hub's own events so far, such as `hub:open`. */
  readonly hubEvents: StreamEvent[] = [];
  /** Resolves when the server has ended the stream, with the reason of `hub:end` if it gave one. */
  readonly closed: Promise<string | undefined>;
  readonly #response: IncomingMessage;
  readonly #release: (() => void) | null;
  readonly #events: StreamEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #hasClosed = false;

  constructor(response: IncomingMessage, release: (() => void) | null) {
    this.#response = response;
    this.#release = release;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.closed = new Promise((resolve) => {
      response.once("close", () => {
        this.#hasClosed = true;
        this.#wake();
        resolve(this.endReason);
      });
    });
    const parser = createParser({
      onEvent: (event) => {
        this.#take(event);
      },
      onRetry: (ms) => {
        this.retryMs = ms;
      },
    });
    response.setEncoding("utf8").on("error", () => undefined);
    response.on("data", (text: string) => {
      this.raw += text;
      parser.feed(text);
      this.#wake();
    });
  }

  /** The reason of `hub:end`, once it was said. */
  get endReason(): string | undefined {
    const end = this.hubEvents.find(({ event }) => event === "hub:end");
    return end === undefined ? undefined : (JSON.parse(end.data) as { reason: string }).reason;
  }

  /** The application's next event. Rejects when the stream ends first, or after `timeoutMs`. */
  async next(timeoutMs = 10_000): Promise<StreamEvent> {
    await this.#until(() => this.#events.length > 0, "an event", timeoutMs);
    return this.#events.shift() as StreamEvent;
  }

  /** The data of the next so many events. */
  async nextData(count = 1): Promise<string[]> {
    const data: string[] = [];
    while (data.length < count) data.push((await this.next()).data);
    return data;
  }

  /** The next event of the hub with that name, or one that has come already. */
  async hub(name: string, timeoutMs = 10_000): Promise<StreamEvent> {
    const find = () => this.hubEvents.find(({ event }) => event === name);
    await this.#until(() => find() !== undefined, name, timeoutMs);
    return find() as StreamEvent;
  }

  /** What `hub:open` said. */
  async opened(): Promise<{ connection: string; recovered: boolean | null; reason?: string }> {
    return JSON.parse((await this.hub("hub:open")).data) as never;
  }

  /** Resolves when the text received holds this. */
  async received(text: string, timeoutMs = 10_000): Promise<void> {
    await this.#until(() => this.raw.includes(text), JSON.stringify(text), timeoutMs);
  }

  /** Events that have arrived and were not taken by `next`. */
  get pending(): readonly StreamEvent[] {
    return this.#events;
  }

  /**
   * Resolves when nothing came for so long. In a spec rather broadcast a marker and see that it comes
   * first: order is promised, time is not.
   */
  async nothingArrives(forMs = 100): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, forMs));
    const [event] = this.#events;
    if (event !== undefined) throw new Error(`Expected nothing, got ${JSON.stringify(event)}.`);
  }

  /** Stops reading, as a phone that lost its signal; what comes fills the buffers on the way. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Leaves, as a browser that closes the page. */
  close(): void {
    this.#response.destroy();
    this.#release?.();
  }

  #take({ event, data, id }: EventSourceMessage): void {
    if (id !== undefined) this.lastEventId = id;
    const taken = { event: event ?? "message", data, id };
    this.all.push(taken);
    if (taken.event.startsWith("hub:")) this.hubEvents.push(taken);
    else this.#events.push(taken);
  }

  async #until(isDone: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!isDone()) {
      if (this.#hasClosed)
        throw new Error(`The stream ended before ${what} came. ${this.#state()}`);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`No ${what} in ${timeoutMs} ms. ${this.#state()}`);
      await this.#change(leftMs);
    }
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  #state(): string {
    return `Status ${this.status}; received ${JSON.stringify(this.raw.slice(-500))}.`;
  }
}

async function listen(app: RequestListener): Promise<{ url: string; release: () => void }> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    release: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
