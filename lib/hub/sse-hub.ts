import { compileFilter, type Filter } from "../audience/audience.js";
import type { Matcher } from "../audience/matcher.js";
import type { PresentUser } from "../cluster/present-user.js";
import type { Connection } from "../connection/connection.js";
import type { CancelOptions, Run, RunInfo, RunMatcher, RunOptions, RunSource } from "../run/run.js";
import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { RoutedBroadcaster } from "../publish/broadcaster.js";
import type { HubEvents } from "../publish/hub-events.js";
import {
  broadcastWithin,
  type TransactionBroadcaster,
} from "../publish/transaction-broadcaster.js";
import { closeWith, type ClosableServer, type CloseWithOptions } from "./close-with.js";
import { HubCore } from "./hub-core.js";
import { resolveCloseOptions, type CloseOptions, type HubSettings } from "./hub-options.js";
import type { Hub, HubHealth, HubStats } from "./hub.js";

/** The object that `createHub()` returns. It hides the inside of the hub, {@link HubCore}. */
export class SseHub extends RoutedBroadcaster implements Hub {
  readonly #core: HubCore;

  constructor(settings: HubSettings) {
    super(() => this.#core.publishing);
    this.#core = new HubCore(settings, this);
  }

  /** The inside of a hub. @throws SseHubTypeError `ERR_SSE_OPTION` for anything else */
  static coreOf(hub: unknown): HubCore {
    if (typeof hub === "object" && hub !== null && #core in hub) return hub.#core;
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The option hub of sse() is ${describe(hub)}. Expected the hub that createHub() gave. ` +
        "Take both from the same copy of express-sse-hub, not one by import and the other by require.",
    );
  }

  get size(): number {
    return this.#core.registry.size;
  }

  connections(filter?: Filter): Connection[] {
    const all = [...this.#core.registry];
    if (filter === undefined) return all;
    return all.filter(compileFilter(filter, { isShared: false }, this.#core.report));
  }

  within(transaction: object): TransactionBroadcaster {
    return broadcastWithin(this.#core.publishing, transaction);
  }

  // Not async functions: misuse must throw at the call.
  refresh(matcher: Matcher): Promise<void> {
    return this.#core.cluster.recall("refresh", matcher);
  }

  disconnect(matcher: Matcher): Promise<void> {
    return this.#core.cluster.recall("stop", matcher);
  }

  observe(store: object): void {
    this.#core.sessionMonitor.observe(store);
  }

  users(matcher?: Matcher): Promise<PresentUser[]> {
    return this.#core.cluster.users(matcher);
  }

  count(matcher?: Matcher): Promise<number> {
    return this.#core.cluster.count(matcher);
  }

  run(id: string, source: RunSource, options: RunOptions): Run {
    return this.#core.runs.run(id, source, options);
  }

  cancel(id: string, options: CancelOptions = {}): Promise<boolean> {
    return this.#core.runs.cancel(id, options);
  }

  runs(matcher?: RunMatcher): Promise<RunInfo[]> {
    return this.#core.runs.list(matcher);
  }

  health(): HubHealth {
    return this.#core.health();
  }

  stats(): HubStats {
    return this.#core.stats();
  }

  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#core.emitter.on(event, listener);
    return this;
  }

  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#core.emitter.once(event, listener);
    return this;
  }

  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this {
    this.#core.emitter.off(event, listener);
    return this;
  }

  close(options: CloseOptions = {}): Promise<void> {
    return this.#core.close(resolveCloseOptions(options));
  }

  closeWith(server: ClosableServer, options: CloseWithOptions = {}): () => void {
    const core = this.#core;
    const closeHub = (timeoutMs: number) =>
      core.close({ timeoutMs, drainMs: 0 }).catch((cause: unknown) => {
        const message = "The log failed to close, see the cause. The shutdown goes on.";
        core.report(new SseHubError("ERR_SSE_LOG", message, { cause }));
      });
    return closeWith(closeHub, server, options);
  }
}
