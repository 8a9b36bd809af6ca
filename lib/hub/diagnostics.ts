import { channel } from "node:diagnostics_channel";
import type { Connection } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { LogReader } from "../delivery/log-reader.js";
import { toId, type ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason, RunHeader } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";
import { debug } from "../diagnostics/debug.js";
import type { Pass } from "../delivery/pass-times.js";
import type { HubChannels } from "./channels.js";
import type { Hub } from "./hub.js";

type RunMessage = Message<"express-sse-hub:run">;
type Message<K extends keyof HubChannels> = Omit<HubChannels[K], "hub">;

const OPEN = channel("express-sse-hub:open");
const END = channel("express-sse-hub:end");
const REFUSAL = channel("express-sse-hub:refusal");
const PASS = channel("express-sse-hub:pass");
const SESSION = channel("express-sse-hub:session");
const RUN = channel("express-sse-hub:run");

/** Publishes what a hub does to its diagnostics channels and to `NODE_DEBUG=sse`; see {@link HubChannels}. */
export class Diagnostics {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  open(connection: LogReader, verdict: ReturnVerdict | null): void {
    if (debug.enabled) {
      const at = toId(connection.epoch, connection.position);
      debug("open %s at %s: %s", connection.id, at, verdict ?? "a stream of its own");
    }
    if (!OPEN.hasSubscribers) return;
    this.#publish(OPEN, { connection, verdict } satisfies Message<"express-sse-hub:open">);
  }

  end(connection: Connection, reason: EndReason): void {
    if (debug.enabled) debug("end %s: %s", connection.id, reason);
    if (!END.hasSubscribers) return;
    this.#publish(END, { connection, reason } satisfies Message<"express-sse-hub:end">);
  }

  refusal(reason: RefusalReason): void {
    debug("refused: %s", reason);
    if (!REFUSAL.hasSubscribers) return;
    this.#publish(REFUSAL, { reason } satisfies Message<"express-sse-hub:refusal">);
  }

  sessionEnd(cause: SessionEndCause, connections: readonly Connection[]): void {
    if (debug.enabled) {
      debug("session %s: ended %s", cause, connections.map(({ id }) => id).join(", "));
    }
    if (!SESSION.hasSubscribers) return;
    this.#publish(SESSION, { cause, connections } satisfies Message<"express-sse-hub:session">);
  }

  runBegin(run: RunHeader): void {
    debug("run %s: begun", run.id);
    if (!RUN.hasSubscribers) return;
    this.#publish(RUN, { id: run.id, state: "running", events: 0 } satisfies RunMessage);
  }

  runEnd({ id }: RunHeader, state: RunEndReason, events: number): void {
    debug("run %s: %s after %d events", id, state, events);
    if (!RUN.hasSubscribers) return;
    this.#publish(RUN, { id, state, events } satisfies RunMessage);
  }

  /** True while the channel for passes has a subscriber, so that passes must be timed. */
  get isTimed(): boolean {
    return PASS.hasSubscribers;
  }

  pass(pass: Pass): void {
    this.#publish(PASS, pass satisfies Message<"express-sse-hub:pass">);
  }

  #publish(to: typeof OPEN, message: object): void {
    to.publish({ hub: this.#hub, ...message });
  }
}
