import { randomBytes } from "node:crypto";
import {
  resolveMemoryLogOptions,
  type MemoryLogOptions,
  type MemoryLogSettings,
} from "./memory-log-options.js";
import { withId } from "../wire/encoder.js";
import { toId } from "./cursor.js";
import type {
  EventLog,
  LogDraft,
  LogEntry,
  LogFollower,
  LogHealth,
  LogPage,
  Notice,
} from "./event-log.js";
import { Retained } from "./retained.js";
import { Ring } from "./ring.js";
import { withMarks } from "./with-marks.js";

/**
 * A log in the memory of this process, which is the default. It ends with the process, so a browser that reconnects
 * after a restart receives `recovered: false` with reason `epoch`.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function memoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(resolveMemoryLogOptions(options));
}

class MemoryLog implements EventLog {
  readonly isShared = false;
  readonly epoch = randomBytes(6).toString("base64url");
  readonly sessionLabel = "express-sse-hub session";
  readonly health: LogHealth = { status: "ok", since: Date.now(), lagMs: 0 };
  readonly #ring: Ring;
  readonly #retained = new Retained();
  readonly #followers = new Set<LogFollower>();

  constructor(bounds: MemoryLogSettings) {
    this.#ring = new Ring(bounds);
  }

  get head(): number {
    return this.#ring.head;
  }

  get trimmed(): number {
    return this.#ring.trimmed;
  }

  get stale(): number {
    return this.#ring.stale;
  }

  get retained(): Iterable<LogEntry> {
    return this.#retained;
  }

  get size(): { entries: number; bytes: number } {
    return this.#ring.size;
  }

  append(draft: LogDraft): string {
    const { frame, audience, retainKey, retainMs, isVolatile } = draft;
    const position = this.head + 1;
    const id = toId(this.epoch, position);
    const bytes = isVolatile ? frame : withId(id, frame);
    const appendedAt = performance.now();
    const entry = withMarks(draft, { position, bytes, audience, isVolatile, appendedAt });
    this.#ring.append(entry);
    if (retainKey !== null) {
      this.#retained.set(retainKey, entry, appendedAt + (retainMs ?? Infinity));
    }
    for (const follower of this.#followers) follower.onMove();
    return id;
  }

  read(after: number, maxBytes: number): LogPage {
    return this.#ring.read(after, maxBytes);
  }

  catchUp(): Promise<void> {
    return Promise.resolve();
  }

  // There are no other nodes.
  tell(): Promise<void> {
    return Promise.resolve();
  }

  ask(question: Notice): Promise<unknown[]> {
    return Promise.resolve([...this.#followers].map((follower) => follower.onQuestion(question)));
  }

  follow(follower: LogFollower): () => void {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }

  close(): Promise<void> {
    this.#followers.clear();
    return Promise.resolve();
  }
}
