import { setImmediate as nextTick, setTimeout as wait } from "node:timers/promises";
import { onTestEnd } from "./disposers.js";
import { openStream, type StreamEvent, type StreamReader } from "./open-stream.js";

/** How a {@link ReturningReader} asks. */
export interface ReturningRequest {
  cookie?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** What part of the time asked for by `retry` is waited before a return. @default 0 */
  patience?: number;
}

/**
 * A page with an EventSource: when its stream ends it returns by itself, with its cookie and its
 * cursor, until it is answered anything but 200 or the test ends. It keeps what it was told.
 */
export class ReturningReader {
  readonly #url: string;
  readonly #path: string;
  readonly #request: ReturningRequest;
  readonly #streams: StreamReader[] = [];
  /** Resolves with the status that made it give up. */
  readonly stopped: Promise<number>;
  #isAway: Promise<void> | undefined;
  #isLeft = false;

  private constructor(url: string, path: string, request: ReturningRequest) {
    this.#url = url;
    this.#path = path;
    this.#request = request;
    this.stopped = this.#run();
    // The server is gone at the end of a test; nobody waits any more.
    this.stopped.catch(() => undefined);
    onTestEnd(() => {
      this.leave();
    });
  }

  /** Opens the page. Resolves at once, whatever comes of its stream. */
  static visit(url: string, path: string, request: ReturningRequest = {}): ReturningReader {
    return new ReturningReader(url, path, request);
  }

  /** Opens the page. Resolves when its stream is in the audience. */
  static async open(url: string, path: string, request?: ReturningRequest) {
    const reader = ReturningReader.visit(url, path, request);
    await reader.isOpen();
    return reader;
  }

  /** Its streams so far, the refused ones included. */
  get streams(): readonly StreamReader[] {
    return this.#streams;
  }

  /** The application's events over all its streams, in the order of their arrival. */
  get events(): StreamEvent[] {
    return this.#streams.flatMap(({ all }) => all.filter(({ event }) => !event.startsWith("hub:")));
  }

  /** The data of the application's events of that name. */
  dataOf(name: string): string[] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data);
  }

  /** What EventSource would send as Last-Event-ID. */
  get lastEventId(): string | undefined {
    return this.#streams.findLast(({ lastEventId }) => lastEventId !== undefined)?.lastEventId;
  }

  /** Resolves when one of its streams, the first unless told, was told `hub:open`. */
  async isOpen(ordinal = 1): Promise<void> {
    await soon(
      () => this.#streams.filter(isWelcome).length >= ordinal,
      `stream ${ordinal} is open`,
    );
  }

  /** Resolves when an event with this name and data has arrived. */
  async has(name: string, data: string): Promise<void> {
    await soon(() => this.dataOf(name).includes(data), `${name} ${data} arrives`);
  }

  /** Loses the network until the function it gives is called. */
  goAway(): () => void {
    let comeBack: () => void = () => undefined;
    this.#isAway = new Promise((resolve) => {
      comeBack = resolve;
    });
    this.#streams.at(-1)?.close();
    return comeBack;
  }

  /** Stops reading, as a phone that lost its signal; a stream opened meanwhile is read. */
  pause(): StreamReader | undefined {
    const stream = this.#streams.at(-1);
    stream?.pause();
    return stream;
  }

  /** Closes the page. */
  leave(): void {
    this.#isLeft = true;
    this.#streams.at(-1)?.close();
  }

  async #run(): Promise<number> {
    const { patience = 0 } = this.#request;
    while (!this.#isLeft) {
      // Asked for each time: it may be another one by now.
      const { cookie, headers } = this.#request;
      const { lastEventId } = this;
      const stream = await openStream(this.#url, this.#path, { cookie, headers, lastEventId });
      this.#streams.push(stream);
      if (stream.status !== 200 || this.#isLeft) {
        stream.close();
        return stream.status;
      }
      await stream.closed;
      await this.#isAway;
      if (patience > 0) await wait((stream.retryMs ?? 3_000) * patience);
      else await nextTick();
    }
    return 0;
  }
}

// Many readers wait at the same time: none of them is to keep the event loop busy.
async function soon(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`It never came true: ${what}.`);
    await wait(2);
  }
}

function isWelcome({ hubEvents }: StreamReader): boolean {
  return hubEvents.some(({ event }) => event === "hub:open");
}
