import { randomBytes } from "node:crypto";
import type {
  EventLog,
  LogDraft,
  LogEntry,
  LogFollower,
  LogHealth,
  LogPage,
  Notice,
} from "../log/event-log.js";
import type { RingBounds } from "../log/ring.js";
import { AppendQueue } from "./append-queue.js";
import { Backfill } from "./backfill.js";
import { CatchUp } from "./catch-up.js";
import type { Engine, ServerRuns } from "./engine.js";
import { createConnection } from "./connection.js";
import { HealthMonitor } from "./health-monitor.js";
import { LogMirror } from "./log-mirror.js";
import type { LogSession } from "./log-session.js";
import { Questions } from "./questions.js";
import type { Reconnector, ReconnectorParts } from "./reconnector.js";
import { retainOf } from "./retain.js";
import { sessionLabelOf } from "./session-label.js";
import { writeHead } from "./shared-entry.js";
import { withTimer } from "./timer.js";
import type { Trouble } from "./trouble.js";

// How long close() waits for entries that are not confirmed yet.
const CLOSE_MS = 1_000;

/** What a {@link SharedLog} is given by the room of its server. */
export interface SharedLogParts {
  readonly name: string;
  readonly secret: string | null;
  readonly deadlineMs: number;
  /** How much of the log this node holds in memory. */
  readonly kept: RingBounds;
}

/** Makes a random name for a node. */
export function createNodeName(): string {
  return randomBytes(9).toString("base64url");
}

/**
 * A log on a server that several nodes share. Each node appends over one connection and reads over another, in the
 * background: while the server is away, only broadcasts fail.
 */
export class SharedLog<S extends LogSession> implements EventLog {
  readonly isShared = true;
  readonly sessionLabel: string;
  readonly within?: NonNullable<EventLog["within"]>;
  readonly #engine: Engine<S>;
  readonly #node: string;
  readonly #mirror: LogMirror;
  readonly #health: HealthMonitor;
  readonly #appends: AppendQueue<S>;
  readonly #backfill: Backfill<S>;
  readonly #catchUp: CatchUp;
  readonly #questions: Questions<S>;
  readonly #commands: Reconnector<S>;
  readonly #reading: Reconnector<S>;
  readonly runs: ServerRuns;
  #closing: Promise<void> | undefined;

  constructor(engine: Engine<S>, node: string, settings: SharedLogParts) {
    this.#engine = engine;
    this.#node = node;
    this.sessionLabel = sessionLabelOf(settings);
    const within = engine.within?.bind(engine);
    if (within !== undefined) this.within = within;
    this.#mirror = this.#createMirror(settings.kept);
    this.#health = this.#createHealth(settings.deadlineMs);
    this.#appends = this.#createAppendQueue(settings.deadlineMs);
    const [mirror, { followers }] = [this.#mirror, this.#mirror];
    const whenUp = () => this.#commands.whenUp();
    this.#backfill = new Backfill({
      mirror,
      whenUp,
      readOlder: (session, start) => engine.readOlder(session, mirror, start),
    });
    this.#catchUp = new CatchUp({ mirror, ask: async () => engine.headOf(await whenUp()) });
    const appends = this.#appends;
    this.#questions = new Questions({ node, answers: engine, followers, appends, whenUp });
    this.#commands = this.#connect("commands", this.#appends);
    const onHead = () => {
      this.#health.onHead();
    };
    const onWarning = (warning: Trouble | null) => {
      this.#health.onWarning(warning);
    };
    this.#reading = this.#connect("reading", {
      serve: (session, up) => engine.read(session, { mirror, up, onHead, onWarning }),
    });
    this.runs = engine.createRuns({
      node,
      deadlineMs: settings.deadlineMs,
      whenUp,
      connect: (served) => this.#connect("runs", served),
    });
  }

  get epoch(): string {
    return this.#mirror.epoch;
  }

  get head(): number {
    return this.#mirror.ring.head;
  }

  get trimmed(): number {
    return this.#mirror.trimmed;
  }

  get stale(): number {
    return this.#mirror.ring.stale;
  }

  get retained(): Iterable<LogEntry> {
    return this.#mirror.retained;
  }

  get size(): { entries: number; bytes: number } {
    return this.#mirror.ring.size;
  }

  get health(): LogHealth {
    return this.#health.health;
  }

  append(draft: LogDraft): Promise<string> {
    const [head, payload, retain] = [writeHead(draft), draft.frame, retainOf(draft)];
    return this.#appends.add({ kind: "event", head, payload, retain });
  }

  read(after: number, maxBytes: number): LogPage | Promise<LogPage> {
    const { ring, trimmed } = this.#mirror;
    if (after >= ring.trimmed) return ring.read(after, maxBytes);
    if (after < trimmed) return { entries: [], isTrimmed: true };
    return this.#backfill.reach(after).then(() => this.#mirror.ring.read(after, maxBytes));
  }

  catchUp(): Promise<void> {
    return this.#catchUp.reach();
  }

  async tell(notice: Notice): Promise<void> {
    const payload = Buffer.from(JSON.stringify(notice));
    await this.#appends.add({ kind: "notice", head: "", payload, retain: null });
  }

  ask(question: Notice): Promise<unknown[]> {
    return this.#questions.ask(question);
  }

  follow(follower: LogFollower): () => void {
    this.#mirror.followers.add(follower);
    return () => {
      this.#mirror.followers.delete(follower);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#mirror.followers.clear();
    // If the connection is only being opened, entries that wait are still sent.
    if (this.#commands.isUp || !this.#appends.isIdle) {
      const leave = async () => {
        await this.#appends.whenIdle();
        const session = await this.#commands.whenUp();
        await this.#reading.close();
        await this.#engine.leave(session);
      };
      await withTimer(leave(), CLOSE_MS, "The server was away").catch(() => undefined);
    }
    this.#appends.close();
    this.#health.close();
    await Promise.all([this.#reading.close(), this.#commands.close(), this.runs.close()]);
    this.#catchUp.close();
  }

  #createMirror(kept: RingBounds): LogMirror {
    return new LogMirror(kept, {
      engine: this.#engine.name,
      node: this.#node,
      onOwn: (entry) => {
        this.#appends.confirm(entry);
      },
      onQuestion: (question) => {
        this.#questions.answer(question);
      },
      onProgress: () => {
        this.#catchUp.onProgress();
      },
    });
  }

  #createHealth(deadlineMs: number): HealthMonitor {
    return new HealthMonitor({
      engine: this.#engine.name,
      troubleOf: (cause) => this.#engine.troubleOf(cause),
      needed: ["commands", "reading"],
      deadlineMs,
      report: (error) => {
        this.#mirror.report(error);
      },
    });
  }

  #createAppendQueue(deadlineMs: number): AppendQueue<S> {
    const mirror = this.#mirror;
    return new AppendQueue({
      engine: this.#engine,
      deadlineMs,
      seen: () => mirror.seen,
      trouble: () => this.#commands.trouble,
      onRefusal: (cause) => {
        this.#health.onTrouble(cause);
      },
      onTaken: () => {
        this.#health.onTaken();
      },
      onEpoch: ({ epoch }) => {
        // The reader may be waiting for a position that the new epoch has not reached yet.
        if (mirror.epoch !== "" && mirror.epoch !== epoch)
          this.#reading.renew("A new epoch of the log has begun.");
      },
      onTrimmed: (epoch, position) => {
        if (epoch === mirror.epoch) mirror.lose(position);
      },
    });
  }

  #connect(part: string, served: Pick<ReconnectorParts<S>, "serve">): Reconnector<S> {
    return createConnection(part, this.#engine, this.#health, served);
  }
}
