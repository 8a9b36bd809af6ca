import { traceBroadcast } from "../publish/broadcast-trace.js";
import { Admission, type AdmissionHost } from "../admission/admission.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { Connection, EndReason } from "../connection/connection.js";
import { Heartbeat } from "../connection/heartbeat.js";
import { Presence } from "../cluster/presence.js";
import { Registry } from "../connection/registry.js";
import { StallWatch } from "../connection/stall-watch.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { Counts } from "../diagnostics/counts.js";
import { compileFilter, type Filter } from "../audience/audience.js";
import { FanOut } from "../delivery/fan-out.js";
import { PassTimes } from "../delivery/pass-times.js";
import { Replay, type ReplayHost } from "../delivery/replay.js";
import { createDetachedScope } from "../async/detached-scope.js";
import { Slices } from "../async/slices.js";
import { Diagnostics } from "./diagnostics.js";
import { HubEmitter } from "../publish/hub-events.js";
import { takeStats } from "./take-stats.js";
import type { Hub, HubHealth, HubStats } from "./hub.js";
import { toId, type ReturnVerdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import { memoryLog } from "../log/memory-log.js";
import { Cluster } from "../cluster/cluster.js";
import type { HubSettings } from "./hub-options.js";
import { Publishing } from "../publish/publishing.js";
import { SessionRequirement } from "../session/session-requirement.js";
import { SessionMonitor } from "../session/session-monitor.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import { HEARTBEAT_COMMENT } from "../wire/encoder.js";

/** A hub as the rest of the package sees it: the parts, wired. */
export class HubCore implements AdmissionHost, ReplayHost {
  readonly registry = new Registry();
  readonly presence = new Presence(this.registry);
  readonly requirement = new SessionRequirement();
  readonly emitter = new HubEmitter();
  readonly diagnostics: Diagnostics;
  readonly times: PassTimes;
  readonly runDetached = createDetachedScope();
  readonly sessionMonitor: SessionMonitor;
  readonly admission: Admission;
  readonly publishing: Publishing;
  readonly cluster: Cluster;
  readonly fanOut: FanOut;
  readonly replay: Replay;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly releaseRequest: boolean;
  readonly #retryMs: readonly [min: number, max: number];
  readonly #log: EventLog;
  readonly #heartbeat: Heartbeat;
  readonly #stalls: StallWatch;
  readonly #unfollow: () => void;
  readonly #closed = new Counts<EndReason>();
  #closing: Promise<void> | undefined;
  #isDraining = false;
  #isClosed = false;

  /** @param hub what the application has of it */
  constructor(settings: HubSettings, hub: Hub) {
    this.#log = settings.log ?? memoryLog();
    this.#retryMs = settings.retryMs;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.maxBufferedBytes = settings.maxBufferedBytes;
    this.releaseRequest = settings.releaseRequest;
    this.diagnostics = new Diagnostics(hub);
    this.times = new PassTimes(this.diagnostics);
    this.publishing = new Publishing({
      log: this.#log,
      maxPayloadBytes: settings.maxPayloadBytes,
      trace: (event, send) => traceBroadcast(hub, event, send),
      isClosed: () => this.#isClosed,
      checkFilter: () => {
        this.requirement.check("A filter");
      },
      times: this.times,
      report: this.report,
    });
    this.sessionMonitor = new SessionMonitor(settings, this.registry, this.#log, {
      report: this.report,
      onSessionEnd: (cause, connections) => {
        this.diagnostics.sessionEnd(cause, connections);
      },
    });
    this.fanOut = new FanOut(this.#log, this);
    this.replay = new Replay(this.#log, this);
    this.#heartbeat = new Heartbeat(settings.heartbeatMs, (connection) => {
      this.#beat(connection);
    });
    this.#stalls = new StallWatch(settings.stallMs, (connection) => {
      connection.drop();
    });
    this.admission = new Admission(this, this.#log, settings.limits);
    this.cluster = new Cluster(this.#log, this);
    this.#unfollow = this.#log.follow(this.cluster);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get head(): number {
    return this.#log.head;
  }

  get stretch(): number {
    return this.replay.stretch;
  }

  connections(filter?: Filter): Connection[] {
    const all = [...this.registry];
    if (filter === undefined) return all;
    return all.filter(compileFilter(filter, { isShared: false }, this.report));
  }

  health(): HubHealth {
    return { ...this.#log.health, epoch: this.#log.epoch };
  }

  drawRetryMs(): number {
    const [min, max] = this.#retryMs;
    return Math.round(min + Math.random() * (max - min));
  }

  stats(): HubStats {
    return takeStats({
      registry: this.registry,
      admission: this.admission,
      publishing: this.publishing,
      fanOut: this.fanOut,
      replay: this.replay,
      log: this.#log,
      closed: this.#closed,
      sessionEnds: this.sessionMonitor.ends,
      errors: this.emitter.reported,
    });
  }

  /** Drains; see {@link Hub.close}. */
  close(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#closing ??= this.#drain(timeoutMs);
    return this.#closing;
  }

  readonly report = (error: SseHubError): void => {
    this.emitter.report(error);
  };

  onRegister(connection: StreamConnection, arrival: { readonly isFresh: boolean }): void {
    this.registry.add(connection);
    this.#heartbeat.add(connection);
    this.sessionMonitor.add(connection, arrival);
  }

  onOpen(connection: StreamConnection, cursor: ReturnVerdict | null): void {
    this.sessionMonitor.onOpen(connection);
    this.emitter.emit("join", connection);
    this.diagnostics.open(connection, cursor);
  }

  onRefusal(reason: RefusalReason): void {
    this.diagnostics.refusal(reason);
  }

  onReady(connection: StreamConnection, { needsState }: { needsState: boolean }): void {
    if (connection.isOwn) return;
    if (needsState) this.replay.giveRetained(connection);
    this.replay.resume(connection);
  }

  onRooms(connection: StreamConnection, rooms: readonly string[], change: "join" | "leave"): void {
    this.fanOut.onRooms(connection, rooms, change);
    if (change === "leave") return;
    if (connection.isLive) this.replay.giveRetainedOf(rooms, connection);
    else connection.lateRooms = [...connection.lateRooms, ...rooms];
  }

  readOn(connection: StreamConnection): void {
    this.replay.resume(connection);
  }

  onBroken(connection: StreamConnection): boolean {
    // A change of its session may be among what was lost.
    if (connection.session === null) return true;
    this.sessionMonitor.refreshUncertain(connection, this.registry.size);
    return false;
  }

  onWait(connection: StreamConnection): void {
    this.#stalls.add(connection);
  }

  onGoOn(connection: StreamConnection): void {
    this.#stalls.delete(connection);
  }

  onEnd(connection: StreamConnection, reason: EndReason): void {
    this.fanOut.delete(connection);
    this.#heartbeat.delete(connection);
    this.#stalls.delete(connection);
    this.admission.leave(connection);
    this.sessionMonitor.delete(connection);
    const wasIn = this.registry.delete(connection);
    if (wasIn || reason === "refused") this.#closed.add(reason);
    if (wasIn && reason !== "refused") this.diagnostics.end(connection, reason);
    // The response of an abandoned connection is somebody else's: its socket is not ours to close.
    if (reason !== "gone" && !connection.transport.isGone) this.#awaitClose(connection);
    if (!connection.isOpened) return;
    this.presence.onLeave(connection, reason);
    this.emitter.emit("leave", connection, reason);
  }

  #awaitClose(connection: StreamConnection): void {
    this.#stalls.add(connection);
    this.registry.awaitClose(connection, () => {
      this.#stalls.delete(connection);
    });
  }

  #beat(connection: StreamConnection): void {
    // What waits may wait for ever: from here on it is watched.
    if (connection.transport.pendingBytes > 0) {
      this.#stalls.add(connection);
      return;
    }
    const position = connection.isLive ? (this.fanOut.settledAt ?? 0) : 0;
    if (position > connection.lastIdPosition) {
      connection.tick(position, toId(this.#log.epoch, position));
    } else {
      connection.transport.write(HEARTBEAT_COMMENT);
    }
  }

  async #drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.fanOut.whenServed(this.#log.head, deadline);
    const slices = new Slices();
    for (const connection of this.registry) {
      connection.endAs("shutdown", { retryMs: this.drawRetryMs() });
      if (slices.isOver()) await slices.next();
    }
    await this.registry.whenClosed(Math.max(0, deadline - performance.now()));
    this.#isClosed = true;
    this.#unfollow();
    this.fanOut.close();
    this.#heartbeat.close();
    this.#stalls.close();
    this.sessionMonitor.close();
    await this.#log.close();
  }
}
