import { EventEmitter } from "node:events";
import type { Connection } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import { Counts } from "../diagnostics/counts.js";
import {
  SseHubError,
  SseHubTypeError,
  describe,
  type SseHubErrorCode,
} from "../errors/sse-hub-error.js";

/** The events of a hub, with the arguments of their listeners. */
export interface HubEvents {
  /** A connection was sent `hub:open`. */
  join: [connection: Connection];
  /** A connection that had joined has ended. */
  leave: [connection: Connection, reason: EndReason];
  /** Something failed at run time. Without a listener each code becomes one process warning; it is never thrown. */
  error: [error: SseHubError];
}

/** The listeners of a hub. If a listener throws, the error is reported and delivery goes on. */
export class HubEmitter {
  readonly #emitter = new EventEmitter();
  readonly #warned = new Set<string>();
  /** Number of errors reported so far, by code, with or without a listener. */
  readonly reported = new Counts<SseHubErrorCode>();

  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): void {
    this.#emitter.on(checked(event), listener as (...args: unknown[]) => void);
  }

  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): void {
    this.#emitter.once(checked(event), listener as (...args: unknown[]) => void);
  }

  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): void {
    this.#emitter.off(checked(event), listener as (...args: unknown[]) => void);
  }

  emit<K extends "join" | "leave">(event: K, ...args: HubEvents[K]): void {
    try {
      this.#emitter.emit(event, ...args);
    } catch (cause) {
      const message = `A listener of hub.on("${event}") threw an error. Catch it in the listener.`;
      this.report(new SseHubError("ERR_SSE_LISTENER", message, { cause }));
    }
  }

  report(error: SseHubError): void {
    this.reported.add(error.code);
    if (this.#emitter.listenerCount("error") === 0) {
      this.#warn(error);
      return;
    }
    try {
      this.#emitter.emit("error", error);
    } catch (cause) {
      const message = 'A listener of hub.on("error") threw an error. Catch it in the listener.';
      this.#warn(new SseHubError("ERR_SSE_LISTENER", message, { cause }));
    }
  }

  #warn(error: SseHubError): void {
    if (this.#warned.has(error.code)) return;
    this.#warned.add(error.code);
    const cause = error.cause instanceof Error ? ` Cause: ${error.cause.message}.` : "";
    process.emitWarning(
      `${error.message}${cause} Listen with hub.on("error", …) to see every error; ` +
        "without a listener each code is shown once.",
      { type: "SseHubWarning", code: error.code },
    );
  }
}

const EVENTS: readonly string[] = ["join", "leave", "error"] satisfies Array<keyof HubEvents>;

function checked(event: string): string {
  if (EVENTS.includes(event)) return event;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The hub has no event ${describe(event)}. Expected one of: ${EVENTS.join(", ")}.`,
  );
}
