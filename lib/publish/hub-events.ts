import { EventEmitter } from "node:events";
import type { Connection, EndReason } from "../connection/connection.js";
import { Counts } from "../diagnostics/counts.js";
import {
  SseHubError,
  SseHubTypeError,
  describe,
  type SseHubErrorCode,
} from "../errors/sse-hub-error.js";

/** What a hub tells its application, with the arguments of each listener. */
export interface HubEvents {
  /** A connection was told `hub:open`. */
  join: [connection: Connection];
  /** A connection that had joined has ended. */
  leave: [connection: Connection, reason: EndReason];
  /** Trouble at run time. Without a listener it is one process warning per code, never a throw. */
  error: [error: SseHubError];
}

/** The listeners of a hub. A listener that throws is reported, and never stops a delivery. */
export class HubEmitter {
  readonly #emitter = new EventEmitter();
  readonly #warned = new Set<string>();
  /** Errors reported so far, by code, whether or not anybody listens. */
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
      this.report(new SseHubError("ERR_SSE_LISTENER", `A listener of ${event} threw.`, { cause }));
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
      this.#warn(new SseHubError("ERR_SSE_LISTENER", "A listener of error threw.", { cause }));
    }
  }

  #warn(error: SseHubError): void {
    if (this.#warned.has(error.code)) return;
    this.#warned.add(error.code);
    const cause = error.cause instanceof Error ? ` Cause: ${error.cause.message}.` : "";
    process.emitWarning(
      `${error.message}${cause} Listen with hub.on("error", …) to see all of these; ` +
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
