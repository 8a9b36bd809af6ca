import {
  createBroadcaster,
  type Broadcast,
  type BroadcastArgs,
  type Broadcaster,
} from "./broadcaster.js";
import { Admission, type AdmissionHost } from "./connection/admission.js";
import type { Connection, EndReason, StreamConnection } from "./connection/connection.js";
import { Heartbeat } from "./connection/heartbeat.js";
import { Registry } from "./connection/registry.js";
import { compileFilter, createAudience, type Filter } from "./delivery/audience.js";
import { FanOut } from "./delivery/fan-out.js";
import { Replay } from "./delivery/replay.js";
import { createRunOutside } from "./delivery/run-outside.js";
import { Slices } from "./delivery/slices.js";
import { HubEmitter, type HubEvents } from "./hub-events.js";
import { toId } from "./log/cursor.js";
import type { EventLog, LogDraft } from "./log/event-log.js";
import { memoryLog } from "./log/memory-log.js";
import { resolveCloseOptions, resolveHubOptions, type HubSettings } from "./resolve-options.js";
import { SessionEvidence } from "./session-evidence.js";
import { SseHubError, SseHubTypeError, describe } from "./sse-hub-error.js";
import { encodeFrame, HEARTBEAT_COMMENT } from "./wire/encoder.js";
import { checkEventName, toText } from "./wire/event.js";

/** Options of {@link createHub}. An unknown key is an error. */
export interface HubOptions {
  /** Where broadcasts are kept for readers that are behind or away. @default memoryLog() */
  log?: EventLog | undefined;
  /**
   * Milliseconds between signs of life on a quiet stream; `null` for none. Below the 60 s after which
   * common proxies give up. @default 25_000
   */
  heartbeatMs?: number | null | undefined;
  /**
   * Milliseconds a browser waits before it returns, or a range to draw from for each connection, so
   * that returns spread out. @default [1_000, 3_000]
   */
  retryMs?: number | readonly [min: number, max: number] | undefined;
  /** The most an event's data may be, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
}

/** The server's side of all streams: one for an application, shared by its routes. */
export interface Hub extends Broadcaster {
  /** Number of open connections on this node. */
  readonly size: number;
  /**
   * The connections of this node, or those the filter matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  connections(filter?: Filter): Connection[];
  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  /**
   * Drains: no stream is let in any more, each open one is told to come back later and ends. Resolves
   * when their sockets have closed; those that take longer than `timeoutMs` are destroyed. Call it
   * before `server.close()`. Calling it again gives the same promise.
   *
   * @param options.timeoutMs default 5_000
   */
  close(options?: { timeoutMs?: number | undefined }): Promise<void>;
}

/** Makes a hub. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function createHub(options: HubOptions = {}): Hub {
  return new HubCore(resolveHubOptions(options));
}

/** The inside of a hub. @throws SseHubTypeError `ERR_SSE_OPTION` for anything else */
export function coreOf(hub: unknown): HubCore {
  if (hub instanceof HubCore) return hub;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The option hub of sse() is ${describe(hub)}. Expected the hub that createHub() gave: ` +
      "take both from the same copy of express-sse-hub, not one by import and one by require.",
  );
}

/** A hub as the rest of the package sees it: the parts, wired. */
export class HubCore implements Hub, AdmissionHost {
  readonly evidence = new SessionEvidence();
  readonly admission: Admission;
  readonly maxPayloadBytes: number;
  readonly retryMs: readonly [min: number, max: number];
  readonly #log: EventLog;
  readonly #emitter = new HubEmitter();
  readonly #registry = new Registry();
  readonly #fanOut: FanOut;
  readonly #replay: Replay;
  readonly #heartbeat: Heartbeat;
  readonly #everybody: ReturnType<typeof createBroadcaster>;
  #closing: Promise<void> | undefined;
  #isDraining = false;
  #isClosed = false;

  constructor(settings: HubSettings) {
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.retryMs = settings.retryMs;
    this.#log = settings.log ?? memoryLog();
    const runOutside = createRunOutside();
    const readOn = (connection: StreamConnection) => {
      this.#replay.resume(connection);
    };
    this.#fanOut = new FanOut(this.#log, readOn, this.report, runOutside);
    this.#replay = new Replay(this.#log, this.#fanOut, this.report, runOutside);
    this.#heartbeat = new Heartbeat(settings.heartbeatMs, (connection) => {
      this.#beat(connection);
    });
    this.#everybody = createBroadcaster((broadcast) => this.#publish(broadcast));
    this.admission = new Admission(this, this.#log);
  }

  get size(): number {
    return this.#registry.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get head(): number {
    return this.#log.head;
  }

  broadcast(...args: BroadcastArgs): Promise<string> {
    return this.#everybody.broadcast(...args);
  }

  to(room: string, ...rooms: string[]): Broadcaster {
    return this.#everybody.to(room, ...rooms);
  }

  except(connectionId: string): Broadcaster {
    return this.#everybody.except(connectionId);
  }

  connections(filter?: Filter): Connection[] {
    const all = [...this.#registry];
    if (filter === undefined) return all;
    return all.filter(compileFilter(filter, { isShared: false }, this.report));
  }

  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#emitter.on(event, listener);
    return this;
  }

  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#emitter.once(event, listener);
    return this;
  }

  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#emitter.off(event, listener);
    return this;
  }

  close(options: { timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs } = resolveCloseOptions(options);
    this.#isDraining = true;
    this.#closing ??= this.#drain(timeoutMs);
    return this.#closing;
  }

  readonly report = (error: SseHubError): void => {
    this.#emitter.report(error);
  };

  onRegister(connection: StreamConnection): void {
    this.#registry.add(connection);
    this.#heartbeat.add(connection);
  }

  onOpen(connection: StreamConnection): void {
    this.#emitter.emit("join", connection);
    this.#replay.resume(connection);
  }

  onEnd(connection: StreamConnection, reason: EndReason): void {
    this.#fanOut.delete(connection);
    this.#heartbeat.delete(connection);
    this.#registry.delete(connection);
    if (connection.isOpened) this.#emitter.emit("leave", connection, reason);
  }

  // Not async: misuse throws at the call, so that Express answers 500.
  #publish({ event, data, rooms, except, filter }: Broadcast): Promise<string> {
    checkEventName(event);
    const text = toText(data, this.maxPayloadBytes);
    if (filter !== null) this.evidence.check("A filter");
    const audience = createAudience({ rooms, except }, filter, this.#log, this.report);
    const sent = this.#append({ frame: encodeFrame(event, text), audience });
    // Who does not await the promise hears of it here, and the process lives on.
    sent.catch(this.report);
    return sent;
  }

  async #append(draft: LogDraft): Promise<string> {
    if (this.#isClosed) {
      throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
    }
    return toId(this.#log.epoch, await this.#log.append(draft));
  }

  #beat(connection: StreamConnection): void {
    if (connection.transport.pendingBytes > 0) return;
    const position = connection.isLive ? (this.#fanOut.settledAt ?? 0) : 0;
    if (position > connection.lastIdPosition) {
      connection.tick(position, toId(this.#log.epoch, position));
    } else {
      connection.transport.write(HEARTBEAT_COMMENT);
    }
  }

  async #drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.#fanOut.whenServed(this.#log.head, deadline);
    const slices = new Slices();
    for (const connection of this.#registry) {
      connection.end("shutdown", this.admission.drawRetryMs());
      if (slices.isOver()) await slices.next();
    }
    await this.#registry.whenClosed(Math.max(0, deadline - performance.now()));
    this.#isClosed = true;
    this.#fanOut.close();
    this.#heartbeat.close();
    await this.#log.close();
  }
}
