import { withDeadline } from "../async/with-deadline.js";
import { compileMatcher } from "../audience/compile-matcher.js";
import { Counts } from "../diagnostics/counts.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import type { EventLog } from "../log/event-log.js";
import type { RunEndReason, RunHeader, RunStore, StoredRun } from "../log/run-store.js";
import { cancelElsewhere } from "./cancel-elsewhere.js";
import type { FoundRun } from "./follower.js";
import { LocalRuns } from "./local-runs.js";
import { Mirrors } from "./mirrors.js";
import { Producer, runExists } from "./producer.js";
import type {
  CancelOptions,
  Run,
  RunInfo,
  RunMatcher,
  RunOptions,
  Runner,
  RunSource,
} from "./run.js";
import { isRunFor } from "./run-audience.js";
import { isRunId, resolveCancel, resolveRun } from "./run-options.js";
import { followersIn, infoOf } from "./run-info.js";

// How long close() waits until the end of its runs is written.
const LAST_WRITE_MS = 1_000;

/** What {@link Runs} is given by the hub or publisher. */
export interface RunsParts {
  readonly log: EventLog;
  readonly maxPayloadBytes: number;
  readonly isClosed: () => boolean;
  /** Throws if a matcher could never match, because no request had a session. */
  readonly checkFilter: () => void;
  readonly report: (error: SseHubError) => void;
  /** `null` for none. */
  readonly listener: RunListener | null;
}

/** Is called when a run of this process begins or ends. */
export interface RunListener {
  runBegin(run: RunHeader): void;
  runEnd(run: RunHeader, reason: RunEndReason, events: number): void;
}

/** All runs: those that this process produces, and those of other processes through the log's store. */
export class Runs implements Runner {
  /** Number of runs that this process has begun. */
  begun = 0;
  /** Number of events of runs that have ended in this process. */
  #events = 0;
  /** Number of streams that follow a run on this node now. */
  followers = 0;
  readonly #ended = new Counts<RunEndReason>();
  readonly #parts: RunsParts;
  readonly #local = new LocalRuns();
  readonly #store: RunStore | null;
  readonly #mirrors: Mirrors | null;

  constructor(parts: RunsParts) {
    this.#parts = parts;
    this.#store = parts.log.runs ?? null;
    this.#mirrors = this.#store === null ? null : new Mirrors(this.#store);
  }

  run(id: string, source: RunSource, options: RunOptions): Run {
    const settings = resolveRun(id, source, options);
    this.#checkLog("hub.run()");
    if (settings.header.for !== null) this.#parts.checkFilter();
    if (this.#parts.isClosed()) {
      const message = "The hub is closed, so no run can begin. Begin runs before you call close().";
      throw new SseHubError("ERR_SSE_CLOSED", message);
    }
    if (this.#local.get(id)?.isRunning === true) throw runExists(id);
    const { maxPayloadBytes, report } = this.#parts;
    const producer: Producer = new Producer({
      settings,
      maxPayloadBytes,
      report,
      store: this.#store,
      onEnd: (reason) => {
        this.#onEnd(producer, reason);
      },
    });
    this.#local.add(producer);
    this.begun += 1;
    this.#parts.listener?.runBegin(producer.header);
    return producer.begin(source);
  }

  cancel(id: string, options: CancelOptions = {}): Promise<boolean> {
    const wish = resolveCancel(options);
    return this.#cancel(id, (run) => wish === null || isRunFor(run, wish.by));
  }

  /** Another node cancels a run of this process. */
  onCancel(id: string, token: string): void {
    const producer = this.#local.get(id);
    if (producer?.header.token === token) producer.finish("cancelled");
  }

  /** The newest run with this id; `null` if there is none, or its record is no longer kept. */
  find(id: string): FoundRun | null | Promise<FoundRun | null> {
    this.#checkLog("req.sse.follow()");
    const producer = this.#local.get(id);
    if (producer === undefined) return this.#findThere(id);
    if (producer.entry === null) return this.#foundHere(producer);
    // If the store refuses it, another process has a run with this id.
    return producer.entry.then((isIn) => (isIn ? this.#foundHere(producer) : this.#findThere(id)));
  }

  /** @throws SseHubTypeError `ERR_SSE_FILTER` */
  list(matcher: RunMatcher | undefined): Promise<RunInfo[]> {
    const matches: (run: never) => boolean =
      matcher === undefined ? () => true : compileMatcher(matcher);
    return this.#list().then((runs) => runs.filter((run) => matches(run as never)));
  }

  /** Number of streams that follow runs on this node, by the tokens of the runs. */
  followersByToken(): Record<string, number> {
    const here = [...this.#local].map(({ header, record }) => [header.token, record.readers]);
    return Object.fromEntries([...here, ...(this.#mirrors?.readers() ?? [])]) as Record<
      string,
      number
    >;
  }

  get counts(): {
    readonly running: number;
    readonly events: number;
    readonly ended: Readonly<Partial<Record<RunEndReason, number>>>;
  } {
    const running = this.#local.running;
    const events = running.reduce((sum, { record }) => sum + record.head, this.#events);
    return { running: running.length, events, ended: this.#ended.all };
  }

  /** Waits for the runs of this process; runs that take longer than `drainMs` end as `lost`. */
  async close(drainMs: number): Promise<void> {
    // Also of those whose end is decided, but not written yet.
    const all = Promise.allSettled([...this.#local].map(({ done }) => done));
    if (drainMs > 0) await withDeadline(all, drainMs, "A run").catch(() => undefined);
    for (const producer of this.#local.running) producer.finish("lost");
    await withDeadline(all, LAST_WRITE_MS, "The log").catch(() => undefined);
  }

  #checkLog(call: string): void {
    if (!this.#parts.log.isShared || this.#store !== null) return;
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `${call} was called, but the log of this hub keeps no runs. Expected memoryLog(), redisLog(), postgresLog(), or another log that has \`runs\`.`,
    );
  }

  #onEnd(producer: Producer, reason: RunEndReason | null): void {
    if (reason === null || this.#store !== null) this.#local.delete(producer);
    else this.#local.deleteLater(producer, producer.header.keepMs);
    if (reason === null) return;
    this.#events += producer.record.head;
    this.#ended.add(reason);
    this.#parts.listener?.runEnd(producer.header, reason, producer.record.head);
  }

  #foundHere({ header, record }: Producer): FoundRun {
    return {
      header,
      events: record.head,
      open: () => {
        this.followers += 1;
        return record;
      },
      close: () => {
        this.followers -= 1;
      },
    };
  }

  #findThere(id: string): null | Promise<FoundRun | null> {
    const [store, mirrors] = [this.#store, this.#mirrors];
    if (store === null || mirrors === null || !isRunId(id)) return null;
    return this.#findIn(store, mirrors, id);
  }

  async #findIn(store: RunStore, mirrors: Mirrors, id: string): Promise<FoundRun | null> {
    const run = await answerOf(store.find(id));
    if (run === null) return null;
    return {
      header: run,
      events: run.events,
      open: () => {
        this.followers += 1;
        return mirrors.open(run);
      },
      close: () => {
        this.followers -= 1;
        mirrors.close(run);
      },
    };
  }

  async #cancel(id: string, isMeant: (run: RunHeader) => boolean): Promise<boolean> {
    const producer = this.#local.get(id);
    if (producer !== undefined) {
      if (!producer.isRunning || !isMeant(producer.header)) return false;
      producer.finish("cancelled");
      return (await producer.done).reason === "cancelled";
    }
    const [store, mirrors] = [this.#store, this.#mirrors];
    if (store === null || mirrors === null || !isRunId(id)) return false;
    const run = await answerOf(store.find(id));
    if (run?.state !== "running" || !isMeant(run)) return false;
    return answerOf(cancelElsewhere(run, { store, mirrors, log: this.#parts.log }));
  }

  async #list(): Promise<RunInfo[]> {
    if (this.#store === null)
      return [...this.#local].map((run) => infoOf(run.stored, run.record.readers));
    const asking = [
      this.#store.list(),
      this.#parts.log.ask({ kind: "runs", matcher: null }),
    ] as const;
    const [runs, answers]: [StoredRun[], unknown[]] = await answerOf(Promise.all(asking));
    return runs.map((run) => infoOf(run, followersIn(answers, run)));
  }
}

// Turns an error of the log's server into an SseHubError.
function answerOf<T>(asked: Promise<T>): Promise<T> {
  return asked.catch((cause: unknown) => {
    if (cause instanceof SseHubError) throw cause;
    const message = "The log failed to answer a request about a run. The cause says why.";
    throw new SseHubError("ERR_SSE_LOG", message, { cause });
  });
}
