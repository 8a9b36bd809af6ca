import { Deferred } from "../async/deferred.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { RunEndReason, RunHeader, RunStore, StoredRun } from "../log/run-store.js";
import { encodeFrame } from "../wire/encoder.js";
import { checkEventName, toText } from "../wire/event.js";
import { produce } from "./produce.js";
import type { Run, RunEnd, RunSource } from "./run.js";
import type { RunSettings } from "./run-options.js";
import { RunRecord } from "./run-record.js";
import { RunWriter } from "./run-writer.js";

/** What a {@link Producer} is given. */
export interface ProducerParts {
  readonly settings: RunSettings;
  /** `null`: the record is only in this process. */
  readonly store: RunStore | null;
  readonly maxPayloadBytes: number;
  report(error: SseHubError): void;
  /** Called once, when the run has ended; `null`: the store has refused the run. */
  onEnd(reason: RunEndReason | null): void;
}

/** Produces one run, in this process. */
export class Producer {
  readonly record: RunRecord;
  readonly #parts: ProducerParts;
  readonly #writer: RunWriter;
  readonly #done = new Deferred<RunEnd>();
  readonly #abort = new AbortController();
  // Count towards the bounds, also events that are not written yet.
  #events = 0;
  #bytes = 0;
  #isOver = false;
  #entry: Promise<boolean> | null = null;
  #error: SseHubError | undefined;

  constructor(parts: ProducerParts) {
    const { header } = parts.settings;
    this.#parts = parts;
    this.record = new RunRecord(header.token);
    this.#writer = new RunWriter({
      header,
      record: this.record,
      store: parts.store,
      onEnd: (reason) => {
        this.#settle(reason);
      },
      onRefusal: (cause) => {
        this.#refuse(runRefused(this.id, cause));
      },
    });
  }

  get header(): RunHeader {
    return this.#parts.settings.header;
  }

  get id(): string {
    return this.header.id;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get done(): Promise<RunEnd> {
    return this.#done.promise;
  }

  /** While the store is asked for the run: resolves with false if it refuses it. Otherwise `null`. */
  get entry(): Promise<boolean> | null {
    return this.#entry;
  }

  /** True until its end is decided. */
  get isRunning(): boolean {
    return !this.#isOver;
  }

  get stored(): StoredRun {
    const { head, bytes, end } = this.record;
    return { ...this.header, state: end ?? "running", events: head, bytes };
  }

  /** Begins at once, or as soon as the store has the run. Returns the run for the application. */
  begin(source: RunSource): Run {
    const { id, signal, done } = this;
    const run: Run = { id, signal, done, send: (event, data) => this.#send(event, data) };
    void this.#produce(source, run);
    return run;
  }

  async #produce(source: RunSource, run: Run): Promise<void> {
    const { store } = this.#parts;
    if (store !== null) {
      this.#entry = this.#enter(store);
      if (!(await this.#entry)) return;
      this.#entry = null;
    }
    // The run may have been cancelled meanwhile.
    if (this.#isOver) return;
    try {
      await produce(source, run, (item) => {
        this.#add(this.#parts.settings.event, item);
      });
      this.finish("done");
    } catch (cause) {
      this.#fail(new SseHubError("ERR_SSE_SOURCE", SOURCE_FAILED, { cause }));
    }
  }

  #send(event: unknown, data: unknown): boolean {
    checkEventName(event);
    return this.#add(event, data);
  }

  /** Ends the run after all events that it has sent. Only the first call has an effect. */
  finish(reason: RunEndReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#writer.finish(reason);
    if (reason !== "done") this.#stop(reason);
  }

  async #enter(store: RunStore): Promise<boolean> {
    try {
      if (await store.begin(this.header)) {
        this.#writer.begin();
        return true;
      }
      this.#refuse(runExists(this.id));
    } catch (cause) {
      this.#refuse(runRefused(this.id, cause));
    }
    return false;
  }

  #add(event: string | null, data: unknown): boolean {
    const { maxEvents, maxBytes } = this.#parts.settings;
    if (this.#isOver) return false;
    const frame = encodeFrame(event, toText(data, this.#parts.maxPayloadBytes));
    if (this.#events + 1 > maxEvents || this.#bytes + frame.length > maxBytes) {
      this.#fail(outgrown(this.id, maxEvents, maxBytes));
      return false;
    }
    this.#events += 1;
    this.#bytes += frame.length;
    this.#writer.add(frame);
    return true;
  }

  #fail(error: SseHubError): void {
    if (this.#isOver) return;
    this.#error = error;
    this.#parts.report(error);
    this.finish("failed");
  }

  // The store has refused the run, or a write to it.
  #refuse(error: SseHubError): void {
    this.#isOver = true;
    this.#parts.report(error);
    this.#writer.abandon();
    this.record.finish("lost");
    this.#stop("lost");
    this.#done.reject(error);
    this.#parts.onEnd(null);
  }

  // The run has ended, by this process or by another one.
  #settle(reason: RunEndReason): void {
    this.#isOver = true;
    if (reason !== "done") this.#stop(reason);
    const error = this.#error === undefined ? {} : { error: this.#error };
    const end = { reason, events: this.record.head, ...error };
    this.#done.resolve(end);
    this.#parts.onEnd(reason);
  }

  #stop(reason: RunEndReason): void {
    if (this.signal.aborted) return;
    this.#abort.abort(
      this.#error ?? new SseHubError("ERR_SSE_ENDED", `The run has ended (${reason}).`),
    );
  }
}

/** The error for an id that a running run has. */
export function runExists(id: string): SseHubError {
  return new SseHubError(
    "ERR_SSE_RUN_EXISTS",
    `A run with the id "${id}" is still running. Expected an id that no other run has: use a new id for each run, ` +
      "or follow the existing run.",
  );
}

function runRefused(id: string, cause: unknown): SseHubError {
  const message = `The log did not accept the run "${id}", so the run has ended. The cause says why.`;
  return new SseHubError("ERR_SSE_LOG", message, { cause });
}

function outgrown(id: string, maxEvents: number, maxBytes: number): SseHubError {
  return new SseHubError(
    "ERR_SSE_RUN_SIZE",
    `The run "${id}" has exceeded its limits of ${maxEvents} events and ${maxBytes} bytes, so it has failed. ` +
      "Raise maxEvents or maxBytes of hub.run(), or send less.",
  );
}

const SOURCE_FAILED =
  "The source of a run threw an error, so the run has ended as failed. The cause is that error; browsers are not told it.";
