import { textOf, type Address, type CreateClient, type OwnClient } from "./own-client.js";
import { clusterMaster, sentinelMaster } from "./topology.js";

/** The part of a client of the package `ioredis` (5 or 6) that is used here. */
export interface Ioredis {
  readonly options: IoredisOptions;
  duplicate(overrides: object): Ioredis;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
  callBuffer(command: string, ...args: ReadonlyArray<string | Buffer>): Promise<unknown>;
}

interface IoredisOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string | null;
  readonly tls?: object;
  readonly name?: string;
  readonly sentinels?: ReadonlyArray<Partial<Address>> | null;
  readonly sentinelUsername?: string | null;
  readonly sentinelPassword?: string | null;
  readonly sentinelTLS?: object;
  readonly enableTLSForSentinelMode?: boolean;
  readonly natMap?: NatMap;
}

type NatMap =
  Readonly<Record<string, Address>> | ((key: string) => Address | null) | null | undefined;

interface IoredisCluster {
  readonly isCluster: true;
  readonly startupNodes: readonly StartupNode[];
  readonly options: { readonly redisOptions?: IoredisOptions; readonly natMap?: NatMap };
  nodes(role: "all"): Ioredis[];
}

type StartupNode = string | number | Partial<Address>;

type IoredisClass = new (options: object) => Ioredis;

// The options of every connection: it never reconnects or resends by itself, and replies have one form. See
// node-redis.ts.
const OWN_OPTIONS = {
  lazyConnect: true,
  retryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableAutoPipelining: false,
  enableReadyCheck: false,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  socketTimeout: undefined,
  keyPrefix: "",
  protocol: 2,
  replyMapping: undefined,
  readOnly: false,
  monitor: false,
  disableClientInfo: true,
} as const;

// Options for a direct connection to a server that Sentinel has named.
const NO_SENTINELS = { sentinels: null, name: undefined, role: undefined, path: undefined };

/** Makes clients of `ioredis` for a URL. */
export function fromUrl(url: string): CreateClient {
  return async () => {
    const Redis = await loadClass();
    return new OwnIoredis(new (Redis as unknown as UrlClass)(url, OWN_OPTIONS));
  };
}

type UrlClass = new (url: string, options: object) => Ioredis;

/** Makes clients with the options of a client of `ioredis`; `null` if it is not one. */
export function fromIoredis(client: object): CreateClient | null {
  if ("isCluster" in client && client.isCluster === true && "startupNodes" in client) {
    return fromCluster(client as IoredisCluster);
  }
  if (!("callBuffer" in client && "duplicate" in client && "options" in client)) return null;
  const redis = client as Ioredis;
  return (redis.options.sentinels?.length ?? 0) > 0
    ? fromSentinels(redis)
    : () => Promise.resolve(new OwnIoredis(redis.duplicate(OWN_OPTIONS)));
}

function fromSentinels(redis: Ioredis): CreateClient {
  const { options } = redis;
  const tls = options.sentinelTLS ?? (options.enableTLSForSentinelMode ? options.tls : undefined);
  const ofSentinel = {
    username: options.sentinelUsername ?? undefined,
    password: options.sentinelPassword ?? undefined,
    tls: tls ?? undefined,
    db: 0,
  };
  return sentinelMaster(options.name ?? "", {
    seeds: () => (options.sentinels ?? []).map((one) => addressOf(one, 26_379)),
    openSeed: (address) => duplicate(redis, { ...NO_SENTINELS, ...ofSentinel, ...address }),
    open: (address) => duplicate(redis, { ...NO_SENTINELS, ...address }),
    map: (address) => mapped(address, options.natMap),
  });
}

function fromCluster(cluster: IoredisCluster): CreateClient {
  const { redisOptions, natMap } = cluster.options;
  const roots = new Map(cluster.startupNodes.map((node) => [textOf(startAt(node)), node]));
  let Redis: IoredisClass;
  // A start node with credentials of its own keeps them, as in ioredis.
  const open = (address: Address) => {
    const own = ownOptions(roots.get(textOf(address)));
    const options = { ...redisOptions, ...own, ...OWN_OPTIONS, ...address, db: 0 };
    return new OwnIoredis(new Redis(options));
  };
  const known = () => cluster.nodes("all").map(({ options }) => addressOf(options, 6_379));
  const create = clusterMaster({
    seeds: () => [...known(), ...cluster.startupNodes.map(startAt)],
    openSeed: open,
    open,
    map: (address) => mapped(address, natMap),
  });
  return async (key) => {
    Redis ??= await loadClass();
    return create(key);
  };
}

function duplicate(redis: Ioredis, overrides: object): OwnClient {
  return new OwnIoredis(redis.duplicate({ ...OWN_OPTIONS, ...overrides }));
}

async function loadClass(): Promise<IoredisClass> {
  const { Redis } = await import("ioredis");
  return Redis as unknown as IoredisClass;
}

class OwnIoredis implements OwnClient {
  readonly server: string;
  readonly #client: Ioredis;
  #onLost: (cause: Error) => void = () => undefined;
  #trouble: Error | undefined;

  constructor(client: Ioredis) {
    const { path } = client.options;
    this.server = path ?? textOf(addressOf(client.options, 6_379));
    this.#client = client;
    client.on("error", (error) => {
      this.#trouble = error;
      this.#onLost(error);
    });
    client.on("end", () => {
      this.#onLost(this.#trouble ?? new Error("The server has closed the connection."));
    });
  }

  async connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (cause) {
      // This error only says that the connection is closed; the `error` event before has the reason.
      throw this.#trouble ?? cause;
    }
    if (this.#trouble !== undefined) throw this.#trouble;
  }

  send([command = "", ...args]: ReadonlyArray<string | Buffer>): Promise<unknown> {
    return this.#client.callBuffer(String(command), ...args);
  }

  isReply(error: unknown): boolean {
    return error instanceof Error && error.name === "ReplyError";
  }

  onLost(listener: (cause: Error) => void): void {
    this.#onLost = listener;
  }

  destroy(): void {
    this.#client.disconnect();
  }
}

function startAt(node: StartupNode): Address {
  if (typeof node === "object") return addressOf(node, 6_379);
  if (typeof node === "number") return { host: "127.0.0.1", port: node };
  const { hostname, port } = urlOf(node);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || 6_379 };
}

function ownOptions(node: StartupNode | undefined): object {
  if (typeof node === "object") return node;
  if (typeof node !== "string") return {};
  const { protocol, username, password } = urlOf(node);
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}

function urlOf(node: string): URL {
  return new URL(node.includes("://") ? node : `redis://${node}`);
}

function addressOf({ host, port }: Partial<Address>, usual: number): Address {
  return { host: host ?? "localhost", port: port ?? usual };
}

function mapped(address: Address, map: NatMap): Address {
  const key = `${address.host}:${address.port}`;
  return (typeof map === "function" ? map(key) : map?.[key]) ?? address;
}
