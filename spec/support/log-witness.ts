import type { EventLog, LogDraft, LogFollower, Notice, SseHubError } from "express-sse-hub";

/** Follows a log, and keeps what a reader at its head is given. */
export class LogWitness implements LogFollower {
  /** Texts of the events, `told …` for notices, `break` where the log broke. */
  readonly record: string[] = [];
  readonly errors: SseHubError[] = [];
  readonly #log: EventLog;
  #position: number;
  readonly #waiting: Array<() => void> = [];

  constructor(log: EventLog) {
    this.#log = log;
    this.#position = log.head;
    log.follow(this);
  }

  /** The events alone. */
  get events(): string[] {
    return this.record.filter((text) => text !== "break" && !text.startsWith("told"));
  }

  onMove(): void {
    this.#drain();
    this.#wake();
  }

  onNotice(notice: Notice): void {
    this.#drain();
    this.record.push(`told ${JSON.stringify(notice)}`);
    this.#wake();
  }

  onBreak(): void {
    this.record.push("break");
    this.#position = this.#log.head;
    this.#wake();
  }

  onQuestion(question: Notice): unknown {
    return question;
  }

  onError(error: SseHubError): void {
    this.errors.push(error);
    this.#wake();
  }

  /** Resolves when a condition holds; looks again whenever something has come. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #drain(): void {
    const page = this.#log.read(this.#position, Infinity);
    if (page instanceof Promise) throw new Error("What is at the head must be there at once.");
    if (page.isTrimmed) this.record.push("trimmed");
    this.record.push(...page.entries.map(({ bytes }) => textOf(bytes)));
    this.#position = this.#log.head;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** An event for everybody. */
export function draftOf(text: string, more: Partial<LogDraft> = {}): LogDraft {
  return {
    frame: Buffer.from(`data: ${text}\n\n`),
    audience: { rooms: null, filter: null, except: null },
    retainKey: null,
    isVolatile: false,
    ...more,
  };
}

/** What an event made by `draftOf` says. */
export function textOf(bytes: Buffer): string {
  return /data: (.*)\n\n$/.exec(bytes.toString())?.[1] ?? "";
}
