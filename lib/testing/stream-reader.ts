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
 * One stream, read as EventSource reads it. The hub's own events (`hub:open`, `hub:end` and their like)
 * are kept apart from the application's.
 *
 * What waits rejects after `timeoutMs`, or as soon as the stream ends first; the error says what was
 * awaited and what had come.
 */
export class StreamReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** True when no more will come. */
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

  /** How long the server asked to wait before a return, in milliseconds. */
  get retryMs(): number | undefined {
    return this.#received.retryMs;
  }

  /** The cursor: what EventSource would send as Last-Event-ID. */
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

  /** True once `hub:open` has come. */
  get isOpened(): boolean {
    return this.#received.opening !== undefined;
  }

  /** Id of the connection, as `hub.except()` takes it. */
  get connectionId(): string {
    return this.#opening.connection;
  }

  /** What `hub:open` said of the cursor: `{ recovered }`, with a `reason` where it was lost. */
  get verdict(): Opened {
    const { recovered, reason } = this.#opening;
    return reason === undefined ? { recovered } : { recovered, reason };
  }

  /** Events that have arrived and were not taken yet. */
  get pending(): readonly StreamEvent[] {
    return this.#received.pending;
  }

  /** The reason of `hub:end`, once it was said. */
  get endReason(): EndReason | undefined {
    return this.#received.endReason;
  }

  /**
   * Resolves when the server has ended the stream, with the reason of `hub:end`, or `undefined` if it
   * gave none. The time it waits begins when it is asked for.
   */
  get ended(): Promise<EndReason | undefined> {
    const ended = this.until(() => this.hasEnded, "end of the stream").then(() => this.endReason);
    // Asked for early and never awaited, it must not end the process.
    ended.catch(() => undefined);
    return ended;
  }

  /** Takes the application's next event, one that has come already or the next to come. */
  next(waiting?: Waiting): Promise<StreamEvent> {
    return this.#when(() => this.#received.pending.shift(), "event", waiting);
  }

  /** Takes the next event, which must have that name and JSON as data, and gives what the JSON says. */
  async nextJson<E extends EventName>(event: E, waiting?: Waiting): Promise<EventData<E>> {
    const data = await this.nextText(event, waiting);
    try {
      return JSON.parse(data) as EventData<E>;
    } catch {
      throw new Error(
        `The data of ${event} is ${JSON.stringify(data)}, which is no JSON: take it with nextText().`,
      );
    }
  }

  /** Takes the next event, which must have that name, and gives its data as it came. */
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
   * Resolves when a condition on what was received holds. It is looked at whenever something arrives, and
   * when the stream ends.
   *
   * @param what is awaited, for the error
   */
  async until(isTrue: () => boolean, what: string, waiting?: Waiting): Promise<void> {
    await this.#when(() => (isTrue() ? true : undefined), what, waiting);
  }

  /**
   * Resolves when nothing was on its way to this stream, and rejects with what was: an event that has
   * arrived or is still to arrive, and was not taken.
   *
   * No time is waited for, since order is promised: a marker is sent to this stream alone, through the
   * log, behind everything that was broadcast before the call; when it comes, all that came before it has
   * come. With several nodes give the hub of the node that serves the stream, and await broadcasts of
   * other nodes before. The marker has no id and is not replayed; it takes one place in the log.
   *
   * Where there is no hub at hand, `{ forMs }` waits so many milliseconds instead, which proves less: what
   * takes longer is not seen.
   */
  async nothingArrives(by: Hub | { readonly forMs: number }, waiting?: Waiting): Promise<void> {
    if ("forMs" in by) await wait(by.forMs);
    else await this.#passMarker(by, waiting);
    const [event] = this.#received.pending;
    if (event !== undefined) throw new Error(`Expected nothing, got ${JSON.stringify(event)}.`);
  }

  /** Stops reading, as a phone that lost its signal; what comes fills the buffers on the way. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /**
   * Comes back as EventSource does, though at once: leaves if the stream is still open, and asks for the
   * same again with the cursor, and with the visitor's cookies of now.
   *
   * @throws NoStreamError as opening it did; with `status` 204 for a stream that is finished
   */
  async return(): Promise<StreamReader> {
    await this[Symbol.asyncDispose]();
    if (this.#link.reopen === undefined) throw new Error("This stream cannot be asked for again.");
    return this.#link.reopen(this.lastEventId);
  }

  /** Leaves, as a browser that closes the page. Idempotent. */
  close(): void {
    if (!this.hasEnded) this.#link.willClose?.(this.#response.socket);
    this.#response.destroy();
    this.#released ??= this.#link.release?.() ?? Promise.resolve();
  }

  /** The same, and resolves when an application that was served for this stream alone is so no more. */
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
      // Only a stream of its own begins without a cursor.
      isOwn: this.#received.find("hub:open")?.id === undefined,
      passed: this.until(hasPassed, "marker behind what was broadcast", waiting),
    });
  }

  get #opening(): Opened & { readonly connection: string } {
    const { opening } = this.#received;
    if (opening === undefined) throw new Error(`There is no hub:open yet. ${this.#state()}`);
    return opening;
  }

  /** Resolves with what `find` gives, as soon as that is not undefined. */
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
