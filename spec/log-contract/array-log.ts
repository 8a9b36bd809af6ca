import { randomUUID } from "node:crypto";
import type { EventLog, LogDraft, LogEntry, LogFollower, LogPage, Notice } from "express-sse-hub";

/** A log as a stranger would write one, with nothing but what the package exports: an array. */
export class ArrayLog implements EventLog {
  readonly isShared = false;
  readonly epoch = randomUUID().slice(0, 8);
  readonly sessionLabel = "sessions of an array";
  readonly health = { status: "ok", since: Date.now(), lagMs: 0 } as const;
  readonly #maxEvents: number;
  readonly #retained = new Map<string, { entry: LogEntry; until: number }>();
  readonly #followers = new Set<LogFollower>();
  #entries: LogEntry[] = [];
  #head = 0;

  constructor({ maxEvents }: { readonly maxEvents: number }) {
    this.#maxEvents = maxEvents;
  }

  get head(): number {
    return this.#head;
  }

  get trimmed(): number {
    return this.#head - this.#entries.length;
  }

  get stale(): number {
    return Math.max(0, this.#head - Math.ceil(this.#maxEvents / 4));
  }

  get retained(): Iterable<LogEntry> {
    const all = [...this.#retained.values()];
    return all.filter(({ until }) => until > Date.now()).map(({ entry }) => entry);
  }

  get size(): { entries: number; bytes: number } {
    const bytes = this.#entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
    return { entries: this.#entries.length, bytes };
  }

  append({ frame, audience, retainKey, retainMs, isVolatile }: LogDraft): Promise<string> {
    this.#head += 1;
    const id = `${this.epoch}.${this.#head}`;
    const bytes = isVolatile ? frame : Buffer.concat([Buffer.from(`id: ${id}\n`), frame]);
    const entry = { position: this.#head, bytes, audience, isVolatile };
    this.#entries = [...this.#entries, entry].slice(-this.#maxEvents);
    if (retainKey !== null) {
      this.#retained.delete(retainKey);
      const until = Date.now() + (retainMs ?? Infinity);
      if (audience.rooms?.length !== 0) this.#retained.set(retainKey, { entry, until });
    }
    for (const follower of this.#followers) follower.onMove();
    return Promise.resolve(id);
  }

  read(after: number, maxBytes: number): LogPage {
    if (after < this.trimmed) return { entries: [], isTrimmed: true };
    const entries: LogEntry[] = [];
    let left = maxBytes;
    for (const entry of this.#entries.slice(after - this.trimmed)) {
      left -= entry.bytes.length;
      if (left < 0 && entries.length > 0) break;
      entries.push(entry);
    }
    return { entries, isTrimmed: false };
  }

  catchUp(): Promise<void> {
    return Promise.resolve();
  }

  tell(_notice: Notice): Promise<void> {
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
