import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Opened } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import type { Hub } from "../hub/hub.js";
import type { EventData, EventName } from "../wire/event.js";
import { Changes } from "./changes.js";
import { sendMarker } from "./marker.js";
import { Received } from "./received.js";
import type { StreamEvent, Waiting } from "./stream-event.js";
import type { StreamLink } from "./stream-link.js";
import { TIMEOUT_MS } from "./stream-request.js";

/**
 * One stream, parsed as EventSource does. The hub's own events (`hub:open`, `hub:end` and the like) are kept apart from
 * the events of the application.
 *
 * A call that waits rejects after `timeoutMs`, or when the stream ends before. The error says what the call waited for
 * and what has arrived.
 */
export class StreamReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** True when the stream has ended. */
  hasEnded = false;
  readonly #response: IncomingMessage;
  readonly #link: StreamLink<StreamReader>;
  readonly #timeoutMs: number;
  readonly #received = new Received();
  readonly #changes = new Changes();
  #released: Promise<void> | undefined;

  constructor(response: IncomingMessage, link: StreamLink<StreamReader> = {}) {
    this.#response = response;
    this.#link = link;
    this.#timeoutMs = link.timeoutMs ?? TIMEOUT_MS;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding("utf8").on("error", () => undefined);
    response.once("close", () => {
      this.hasEnded = true;
      this.#changes.announce();
    });
    response.on("data", (text: string) => {
      this.#received.feed(text);
      this.#changes.announce();
    });
  }

  /** Everything received, as text. */
  get raw(): string {
    return this.#received.raw;
  }

  /** The last `retry:` of the server: how long a browser waits before it reconnects, in milliseconds. */
  get retryMs(): number | undefined {
    return this.#received.retryMs;
  }

  /** The cursor that EventSource would send as Last-Event-ID. */
  get lastEventId(): string | undefined {
    return this.#received.lastEventId;
  }

  /** Everything received so far, in order, the hub's own events included. */
  get all(): StreamEvent[] {
    return this.#received.all;
  }

  /** The hub's own events so far, such as `hub:open` and `hub:gap`. */
  get hubEvents(): StreamEvent[] {
    return this.#received.hubEvents;
  }

  /** True once `hub:open` has arrived. */
  get isOpened(): boolean {
    return this.#received.opening !== undefined;
  }

  /** The id of the connection, for `hub.except()`. */
  get connectionId(): string {
    return this.#opening.connection;
  }

  /** The verdict of `hub:open` on the cursor: `{ recovered }`, and `reason` if `recovered` is false. */
  get verdict(): Opened {
    const { recovered, reason } = this.#opening;
    return reason === undefined ? { recovered } : { recovered, reason };
  }

  /** Events that have arrived and were not taken yet. */
  get pending(): readonly StreamEvent[] {
    return this.#received.pending;
  }

  /** The reason of `hub:end`, once it has arrived. */
  get endReason(): EndReason | undefined {
    return this.#received.endReason;
  }

  /**
   * Resolves when the server has ended the stream, with the reason of `hub:end`, or with `undefined` if there was none.
   * Its timeout begins when you read this property.
   */
  get ended(): Promise<EndReason | undefined> {
    const ended = this.until(() => this.hasEnded, "end of the stream").then(() => this.endReason);
    // If it is never awaited, a rejection must not end the process.
    ended.catch(() => undefined);
    return ended;
  }

  /** Takes the application's next event, which has already arrived or arrives next. */
  next(waiting?: Waiting): Promise<StreamEvent> {
    return this.#when(() => this.#received.pending.shift(), "event", waiting);
  }

  /** Takes the next event, which must have that name and JSON as data. Resolves with the value of the data. */
  async nextJson<E extends EventName>(event: E, waiting?: Waiting): Promise<EventData<E>> {
    const data = await this.nextText(event, waiting);
    try {
      return JSON.parse(data) as EventData<E>;
    } catch {
      throw new Error(
        `The data of ${event} is ${JSON.stringify(data)}, which is not JSON. Take it with nextText().`,
      );
    }
  }

  /** Takes the next event, which must have that name. Resolves with its data as text. */
  nextText(event: EventName, waiting?: Waiting): Promise<string> {
    const take = () => {
      const [next] = this.#received.pending;
      if (next === undefined) return undefined;
      if (next.event !== event)
        throw new Error(`Expected ${event} to be next, got ${JSON.stringify(next)}.`);
      return this.#received.pending.shift()?.data;
    };
    return this.#when(take, event, waiting);
  }

  /**
   * Resolves when a condition is true. The condition is checked when something arrives and when the stream ends.
   *
   * @param what names what you wait for, for the error
   */
  async until(isTrue: () => boolean, what: string, waiting?: Waiting): Promise<void> {
    await this.#when(() => (isTrue() ? true : undefined), what, waiting);
  }

  /**
   * Resolves if no event was on its way to this stream. Rejects if an event has arrived, or still arrives, that was not
   * taken; the error shows the event.
   *
   * It does not wait for a time to pass, because the order of events is guaranteed: it sends a marker to this stream
   * alone, through the log, after everything that was broadcast before the call. When the marker arrives, everything
   * before it has arrived. With several nodes, pass the hub of the node that serves the stream, and first await
   * broadcasts of other nodes. The marker has no id and is not replayed; it takes one position in the log.
   *
   * If the test has no hub, `{ forMs }` waits this number of milliseconds instead. This proves less: an event that
   * takes longer is not noticed.
   */
  async nothingArrives(by: Hub | { readonly forMs: number }, waiting?: Waiting): Promise<void> {
    if ("forMs" in by) await wait(by.forMs);
    else await this.#passMarker(by, waiting);
    const [event] = this.#received.pending;
    if (event !== undefined) throw new Error(`Expected nothing, got ${JSON.stringify(event)}.`);
  }

  /** Stops reading, like a phone that has lost its signal. What arrives then fills the buffers on the way. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /**
   * Reconnects as EventSource does, but at once: closes the stream if it is still open, and requests it again with the
   * cursor and with the visitor's current cookies.
   *
   * @throws NoStreamError if the answer is not a stream; with `status` 204 for a stream that is finished
   */
  async return(): Promise<StreamReader> {
    await this[Symbol.asyncDispose]();
    if (this.#link.reopen === undefined)
      throw new Error(
        "This stream cannot be requested again. Open it with openStream() or visit().",
      );
    return this.#link.reopen(this.lastEventId);
  }

  /** Closes the stream, like a browser that leaves the page. Idempotent. */
  close(): void {
    if (!this.hasEnded) this.#link.willClose?.(this.#response.socket);
    this.#response.destroy();
    this.#released ??= this.#link.release?.() ?? Promise.resolve();
  }

  /** Closes the stream. Resolves when the server has closed that ran for this stream alone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#released;
  }

  async #passMarker(hub: Hub, waiting?: Waiting): Promise<void> {
    const name = `marker ${randomUUID()}`;
    this.#received.awaitMarker(name);
    const hasPassed = () => this.#received.hasMarker(name);
    await sendMarker(hub, {
      name,
      connectionId: this.connectionId,
      // Only a stream of `req.sse.open()` begins without a cursor.
      isOwn: this.#received.find("hub:open")?.id === undefined,
      passed: this.until(hasPassed, "marker behind what was broadcast", waiting),
    });
  }

  get #opening(): Opened & { readonly connection: string } {
    const { opening } = this.#received;
    if (opening === undefined) throw new Error(`There is no hub:open yet. ${this.#state()}`);
    return opening;
  }

  /** Resolves with the result of `find` as soon as that is not undefined. */
  #when<T>(find: () => T | undefined, what: string, waiting: Waiting = {}): Promise<T> {
    return this.#changes.when(find, {
      timeoutMs: waiting.timeoutMs ?? this.#timeoutMs,
      whyNever: () =>
        this.hasEnded
          ? `The stream ended${this.#reason()} before ${what} came. ${this.#state()}`
          : null,
      whyLate: (ms) => `No ${what} in ${ms} ms. ${this.#state()}`,
    });
  }

  #reason(): string {
    return this.endReason === undefined ? "" : ` (${this.endReason})`;
  }

  #state(): string {
    return `Status ${this.status}; received ${JSON.stringify(this.raw.slice(-500))}.`;
  }
}
