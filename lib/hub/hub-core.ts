import { Admission } from "../admission/admission.js";
import { createDetachedScope } from "../async/detached-scope.js";
import type { NodeName } from "../cluster/node-name.js";
import { Cluster } from "../cluster/cluster.js";
import { Presence } from "../cluster/presence.js";
import { Addresses } from "../connection/addresses.js";
import type { EndReason } from "../connection/end-reason.js";
import { Heartbeat } from "../connection/heartbeat.js";
import { Registry } from "../connection/registry.js";
import { StallWatch } from "../connection/stall-watch.js";
import type { ConnectionContext } from "../connection/connection-context.js";
import { Delivery } from "../delivery/delivery.js";
import type { LogReader } from "../delivery/log-reader.js";
import { PassMeter } from "../delivery/pass-meter.js";
import { PassTimes } from "../delivery/pass-times.js";
import { isDevelopment } from "../diagnostics/development.js";
import { Counts } from "../diagnostics/counts.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import { memoryLog } from "../log/memory-log.js";
import { traceBroadcast } from "../publish/broadcast-trace.js";
import { HubEmitter } from "../publish/hub-events.js";
import { Publishing } from "../publish/publishing.js";
import { Runs } from "../run/runs.js";
import { SessionMonitor } from "../session/session-monitor.js";
import { SessionRequirement } from "../session/session-requirement.js";
import { drain } from "./drain.js";
import { DevelopmentHints } from "./development-hints.js";
import { Diagnostics } from "./diagnostics.js";
import type { CloseSettings, HubSettings } from "./hub-options.js";
import type { Hub, HubHealth, HubStats } from "./hub.js";
import { takeSample } from "./take-sample.js";
import { takeStats } from "./take-stats.js";

/** The inside of a hub: makes its parts and passes on what one part must tell another. */
export class HubCore implements ConnectionContext {
  readonly registry = new Registry<LogReader>();
  readonly log: EventLog;
  readonly addresses = new Addresses();
  readonly requirement = new SessionRequirement();
  readonly emitter = new HubEmitter();
  readonly admission: Admission;
  readonly cluster: Cluster;
  readonly publishing: Publishing;
  readonly runs: Runs;
  readonly sessionMonitor: SessionMonitor;
  readonly stalls: StallWatch;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** `null` in production. */
  readonly hints: DevelopmentHints | null;
  readonly #retryMs: readonly [min: number, max: number];
  readonly #delivery: Delivery;
  readonly #diagnostics: Diagnostics;
  readonly #passMeter: PassMeter;
  readonly #heartbeat: Heartbeat<LogReader>;
  readonly #presence = new Presence(this.registry);
  readonly #closed = new Counts<EndReason>();
  readonly #unfollow: () => void;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** @param hub the public object that the application holds */
  constructor(settings: HubSettings, hub: Hub) {
    this.log = settings.log ?? memoryLog();
    this.#retryMs = settings.retryMs;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.maxBufferedBytes = settings.maxBufferedBytes;
    this.#diagnostics = new Diagnostics(hub);
    this.#heartbeat = new Heartbeat(settings.heartbeatMs, this.#beat);
    this.stalls = new StallWatch(settings.stallMs, (connection) => {
      connection.finish("slow");
      connection.transport.destroy();
    });
    this.hints = isDevelopment() ? new DevelopmentHints(this.registry, this.log) : null;
    this.#passMeter = new PassMeter(this.#diagnostics);
    const times = new PassTimes(this.#passMeter);
    this.publishing = this.#createPublishing(hub, times);
    this.runs = this.#createRuns();
    this.#delivery = this.#createDelivery(times, settings.coalesceMs);
    this.sessionMonitor = this.#createSessionMonitor(settings);
    this.admission = this.#createAdmission(settings);
    this.cluster = this.#createCluster();
    this.#unfollow = this.log.follow(this.cluster);
  }

  #createPublishing(hub: Hub, times: PassTimes): Publishing {
    return new Publishing({
      log: this.log,
      maxPayloadBytes: this.maxPayloadBytes,
      trace: (event, send) => traceBroadcast(hub, event, send),
      isClosed: () => this.#isClosed,
      checkFilter: this.requirement.checkFor("A filter"),
      hints: this.hints,
      times,
      whenServed: (deadline) => this.#delivery.whenServed(deadline),
      report: this.report,
    });
  }

  #createRuns(): Runs {
    return new Runs({
      log: this.log,
      maxPayloadBytes: this.maxPayloadBytes,
      isClosed: () => this.#closing !== undefined,
      checkFilter: this.requirement.checkFor("A run for a matcher"),
      report: this.report,
      listener: this.#diagnostics,
    });
  }

  #createSessionMonitor(settings: HubSettings): SessionMonitor {
    return new SessionMonitor({
      ...settings,
      log: this.log,
      connections: this.registry,
      report: this.report,
      onSessionEnd: (cause, connections) => {
        this.#diagnostics.sessionEnd(cause, connections);
      },
      gate: this.#delivery,
    });
  }

  #createDelivery(times: PassTimes, coalesceMs: number): Delivery {
    return new Delivery({
      coalesceMs,
      log: this.log,
      times,
      stalls: this.stalls,
      runDetached: createDetachedScope(),
      report: this.report,
      onBroken: (connection) => {
        // A change of its session or credential may be among the entries that were lost.
        if (!connection.hasLogin) return true;
        this.sessionMonitor.refreshUncertain(connection);
        return false;
      },
    });
  }

  #createAdmission({ limits, releaseRequest }: HubSettings): Admission {
    return new Admission({
      log: this.log,
      limits,
      releaseRequest,
      context: this,
      delivery: this.#delivery,
      sessionMonitor: this.sessionMonitor,
      isDraining: () => this.#closing !== undefined,
      onRegister: (connection, arrival) => {
        this.registry.add(connection);
        this.addresses.note(connection, arrival.addressOf);
        this.#heartbeat.add(connection);
        this.sessionMonitor.add(connection, arrival);
      },
      onOpen: (connection, cursor) => {
        this.#onOpen(connection, cursor);
      },
      onRefusal: (reason) => {
        this.#diagnostics.refusal(reason);
      },
    });
  }

  #createCluster(): Cluster {
    const { log, sessionMonitor, runs, report, addresses, registry: connections } = this;
    const [delivery, presence] = [this.#delivery, this.#presence];
    const own = { log, sessionMonitor, runs, report, addresses, connections, delivery, presence };
    const sample = (node: NodeName) =>
      takeSample(node, this.stats(), this.health(), this.#passMeter.watch());
    return new Cluster({ ...own, sample });
  }

  get head(): number {
    return this.log.head;
  }

  /** See {@link Delivery.generation}. */
  get generation(): number {
    return this.#delivery.generation;
  }

  health(): HubHealth {
    return { problem: null, ...this.log.health, epoch: this.log.epoch };
  }

  stats(): HubStats {
    return takeStats({
      registry: this.registry,
      admission: this.admission,
      publishing: this.publishing,
      fanOut: this.#delivery.fanOut,
      replay: this.#delivery.replay,
      log: this.log,
      closed: this.#closed,
      sessionEnds: this.sessionMonitor.ends,
      runs: this.runs,
      errors: this.emitter.reported,
    });
  }

  drawRetryMs(): number {
    const [min, max] = this.#retryMs;
    return Math.round(min + Math.random() * (max - min));
  }

  readonly report = (error: SseHubError): void => {
    this.emitter.report(error);
  };

  #onOpen(connection: LogReader, cursor: ReturnVerdict | null): void {
    this.sessionMonitor.onOpen(connection);
    this.hints?.onRooms(connection.rooms);
    this.emitter.emit("join", connection);
    this.#diagnostics.open(connection, cursor);
  }

  onRooms(connection: LogReader, rooms: readonly string[], change: "join" | "leave"): void {
    this.hints?.onRooms(rooms);
    this.#delivery.onRooms(connection, rooms, change);
  }

  onEnd(connection: LogReader, reason: EndReason): void {
    this.#delivery.delete(connection);
    this.#heartbeat.delete(connection);
    this.stalls.delete(connection);
    this.admission.leave(connection);
    this.sessionMonitor.delete(connection);
    const wasIn = this.registry.delete(connection);
    if (wasIn || reason === "refused") this.#closed.add(reason);
    if (wasIn && reason !== "refused") this.#diagnostics.end(connection, reason);
    // The application may have answered a request whose connection is gone: then its socket is not ours to close.
    if (reason !== "gone" && !connection.transport.isGone) this.#awaitClose(connection);
    if (!connection.isOpened) return;
    this.#presence.onLeave(connection, reason);
    this.emitter.emit("leave", connection, reason);
  }

  #awaitClose(connection: LogReader): void {
    this.stalls.add(connection);
    this.registry.awaitClose(connection, () => {
      this.stalls.delete(connection);
    });
  }

  readonly #beat = (connection: LogReader): void => {
    // Bytes that wait in a socket may wait for ever, so the stall watch takes over.
    if (connection.transport.pendingBytes > 0) this.stalls.add(connection);
    else this.#delivery.beat(connection);
  };

  /** Drains; see {@link Hub.close}. */
  close(settings: CloseSettings): Promise<void> {
    this.#closing ??= this.#close(settings);
    return this.#closing;
  }

  async #close(settings: CloseSettings): Promise<void> {
    const { registry, runs } = this;
    const drawRetryMs = () => this.drawRetryMs();
    await drain({ registry, runs, delivery: this.#delivery, drawRetryMs }, settings);
    this.#isClosed = true;
    this.hints?.close();
    this.#unfollow();
    this.#delivery.close();
    this.#heartbeat.close();
    this.#passMeter.close();
    this.stalls.close();
    this.sessionMonitor.close();
    await this.log.close();
  }
}
