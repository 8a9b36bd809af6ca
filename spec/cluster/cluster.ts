import { randomUUID } from "node:crypto";
import { RedisStore } from "connect-redis";
import { createHub, type EventLog, type SseHubError } from "express-sse-hub";
import { redisLog, type RedisLogOptions } from "express-sse-hub/redis";
import { MemoryStore, type SessionData, type Store } from "express-session";
import { createClient } from "redis";
import { trialRoutes } from "../session/trials.js";
import { onTestEnd } from "../support/disposers.js";
import { sessionIdOf } from "../support/session-id.js";
import { Shop, type ShopOptions } from "../support/shop.js";
import { until } from "../support/until.js";

/** What the nodes of one application have in common. */
export interface ClusterOptions {
  /** Where the server of the log is. */
  readonly url: string;
  /** The log, where it is there already. */
  readonly name?: string;
  /**
   * Gives each node its own view of the one session store: one instance for all would tell every hub
   * in this process of a change without any log. By default sessions are in memory.
   */
  readonly createStore?: () => Store;
  readonly log?: Omit<RedisLogOptions, "url" | "client" | "name">;
  /** Makes the log of a node, where that is not in Redis. */
  readonly createLog?: (place: { readonly url: string; readonly name: string }) => EventLog;
  readonly shop?: ShopOptions;
}

/** One application on several nodes, which share a log in Redis and their sessions. */
export class Cluster {
  readonly name: string;
  /** Trouble on all nodes, by code. */
  readonly errors: string[] = [];
  readonly #options: ClusterOptions;
  readonly #createStore: () => Store;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.name = options.name ?? randomUUID();
    this.#createStore = options.createStore ?? sharedMemory();
  }

  /** Starts three nodes, and waits until they read. */
  static async open(options: ClusterOptions): Promise<[Cluster, Shop, Shop, Shop]> {
    const cluster = new Cluster(options);
    return [cluster, await cluster.start(), await cluster.start(), await cluster.start()];
  }

  /** Starts a node and waits until it reads. */
  async start(url = this.#options.url, shop: ShopOptions = {}): Promise<Shop> {
    const node = await this.startSoon(url, shop);
    await until(() => node.hub.health().status === "ok", "the node reads");
    // The others have heard of it, and it of them.
    await node.hub.count();
    return node;
  }

  /** Starts a process that has a hub only to observe the sessions it changes. */
  startWorker(): Worker {
    const store = this.#createStore();
    const hub = createHub({ log: this.#createLog(this.#options.url) });
    onTestEnd(() => hub.close());
    hub.observe(store);
    return new Worker(store);
  }

  #createLog(url: string): EventLog {
    const { log, createLog } = this.#options;
    const place = { url, name: this.name };
    return createLog === undefined ? redisLog({ ...log, ...place }) : createLog(place);
  }

  /** Starts a node whose Redis may be away. */
  startSoon(url = this.#options.url, more: ShopOptions = {}): Promise<Shop> {
    const { shop = {} } = this.#options;
    const onError = ({ code }: SseHubError) => this.errors.push(code);
    return Shop.open({
      ...shop,
      ...more,
      session: { store: this.#createStore() },
      hub: { ...shop.hub, ...more.hub, log: this.#createLog(url) },
      routes: (app, hub) => {
        hub.on("error", onError);
        trialRoutes(app);
        (more.routes ?? shop.routes)?.(app, hub);
      },
    });
  }
}

/** A process that serves nothing, and changes sessions in the store of the nodes. */
export class Worker {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when the store says that it is done. */
  async change(cookie: string, change: (session: SessionData) => void): Promise<void> {
    const id = sessionIdOf(cookie);
    const session = await called<SessionData>((done) => {
      this.#store.get(id, done as never);
    });
    change(session);
    await called((done) => {
      this.#store.set(id, session, done);
    });
  }

  async destroy(cookie: string): Promise<void> {
    await called((done) => {
      this.#store.destroy(sessionIdOf(cookie), done);
    });
  }
}

function called<T>(call: (done: (error: unknown, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error == null) resolve(value as T);
      else reject(error instanceof Error ? error : new Error("The store failed."));
    });
  });
}

/** Sessions in memory, seen through as many stores as there are nodes. */
export function sharedMemory(): () => Store {
  const sessions = {};
  return () => Object.assign(new MemoryStore(), { sessions });
}

/** Sessions in a Redis, seen through a store for each node. */
export async function sharedRedis(url: string): Promise<() => Store> {
  const client = await createClient({ url }).connect();
  onTestEnd(() => {
    client.destroy();
  });
  return () => new RedisStore({ client });
}

/** Posts as a browser would, and expects the answer to a change that was made. */
export async function post(node: Shop, path: string, cookie: string): Promise<void> {
  const answer = await fetch(node.url + path, { method: "POST", headers: { cookie } });
  if (answer.status !== 204) throw new Error(`${path} was answered ${answer.status}.`);
}
