import { textOf, type Address, type CreateClient, type OwnClient } from "./own-client.js";
import { clusterMaster } from "./topology.js";

/** The part of a client of the package `redis` (5 or 6) that is used here. */
export interface NodeRedisClient {
  readonly options?: NodeRedisOptions | undefined;
  duplicate(overrides: object): NodeRedisClient;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: ReadonlyArray<string | Buffer>, options: object): Promise<unknown>;
}

interface NodeRedisOptions {
  readonly url?: string;
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
}

interface NodeRedisPool {
  execute(run: (client: NodeRedisClient) => unknown): Promise<unknown>;
}

interface NodeRedisSentinel {
  // Not documented, but the only way to a connection of the master.
  _execute(isReadonly: boolean, run: (client: NodeRedisClient) => unknown): Promise<unknown>;
}

interface NodeRedisCluster {
  readonly masters: ReadonlyArray<{ readonly client?: NodeRedisClient }>;
  readonly _options: {
    readonly rootNodes: readonly NodeRedisOptions[];
    readonly defaults?: NodeRedisOptions;
    readonly nodeAddressMap?: AddressMap;
  };
}

type AddressMap =
  Readonly<Record<string, Address>> | ((address: string) => Address | undefined) | undefined;

// Strings are returned as Buffers, because events may hold bytes that are not text. The key is the first byte of the
// type. No timeout: an error of the library's own timeout would look like an answer of the server.
const COMMAND_OPTIONS = { typeMapping: { ["$".charCodeAt(0)]: Buffer }, timeout: undefined };

// The options of every connection. The library must not send a command again after a connection was lost, must send
// nothing before the log's own first command, and must return replies in one form, whatever the options say.
const OWN_OPTIONS = {
  disableOfflineQueue: true,
  disableClientInfo: true,
  maintNotifications: "disabled",
  RESP: 2,
  keyPrefix: undefined,
  clientSideCache: undefined,
  emitInvalidate: undefined,
  commandOptions: undefined,
  pingInterval: undefined,
  commandsQueueMaxLength: undefined,
} as const;

/** Makes clients of `redis` for a URL. */
export function fromUrl(url: string): CreateClient {
  return async () => {
    const { createClient } = await import("redis");
    const options = { ...OWN_OPTIONS, url, socket: { reconnectStrategy: false } };
    return wrap(createClient(options as object) as unknown as NodeRedisClient);
  };
}

/** Makes clients with the options of a client of `redis`; `null` if it is not one. */
export function fromNodeRedis(client: object): CreateClient | null {
  if (has(client, "_execute", "use", "acquire")) return fromSentinel(client as NodeRedisSentinel);
  if (has(client, "nodeClient") && "_options" in client) {
    return fromCluster(client as NodeRedisCluster);
  }
  if (has(client, "execute") && "totalClients" in client)
    return fromPool(client as unknown as NodeRedisPool);
  if (has(client, "duplicate", "sendCommand") && "options" in client && !has(client, "call")) {
    return () => Promise.resolve(wrap(duplicate(client as NodeRedisClient)));
  }
  return null;
}

function fromPool(pool: NodeRedisPool): CreateClient {
  return async () => wrap(await borrow((run) => pool.execute(run)));
}

// The sentinel client follows the master by itself; its own connection has the address of the master.
function fromSentinel(sentinel: NodeRedisSentinel): CreateClient {
  return async () => wrap(await borrow((run) => sentinel._execute(false, run)));
}

function fromCluster(cluster: NodeRedisCluster): CreateClient {
  const { rootNodes, defaults, nodeAddressMap } = cluster._options;
  const open = (address: Address, own: NodeRedisOptions = {}) => {
    const socket = { ...defaults?.socket, ...own.socket, ...address, reconnectStrategy: false };
    const options = { ...defaults, ...own, ...OWN_OPTIONS, url: undefined, socket };
    const member = cluster.masters.find(({ client }) => client !== undefined)?.client;
    return member === undefined
      ? createLater(options, textOf(address))
      : wrap(member.duplicate(options));
  };
  const roots = new Map(rootNodes.map((root) => [textOf(addressOf(root)), root]));
  return clusterMaster({
    seeds: () => rootNodes.map(addressOf),
    openSeed: (address) => open(address, roots.get(textOf(address))),
    open,
    map: (address) => mapped(address, nodeAddressMap),
  });
}

// The borrowed connection is only duplicated for its options; no command is sent through it.
async function borrow(
  lend: (run: (client: NodeRedisClient) => unknown) => Promise<unknown>,
): Promise<NodeRedisClient> {
  let made: NodeRedisClient | undefined;
  await lend((client) => {
    made = duplicate(client);
    return Promise.resolve();
  });
  if (made === undefined) throw new Error("The client has given no connection to copy.");
  return made;
}

function duplicate(client: NodeRedisClient): NodeRedisClient {
  const socket = { ...client.options?.socket, reconnectStrategy: false };
  return client.duplicate({ ...OWN_OPTIONS, socket });
}

function wrap(client: NodeRedisClient): OwnClient {
  return new OwnNodeRedisClient(Promise.resolve(client), serverOf(client.options ?? {}));
}

// For a cluster client without an open connection that could be duplicated.
function createLater(options: object, server: string): OwnClient {
  const client = import("redis").then(({ createClient }) => createClient(options));
  return new OwnNodeRedisClient(client as unknown as Promise<NodeRedisClient>, server);
}

class OwnNodeRedisClient implements OwnClient {
  readonly server: string;
  readonly #making: Promise<NodeRedisClient>;
  #client: NodeRedisClient | undefined;
  #onLost: (cause: Error) => void = () => undefined;
  #isConnected = false;
  #isDestroyed = false;

  constructor(making: Promise<NodeRedisClient>, server: string) {
    this.server = server;
    this.#making = making;
    making.catch(() => undefined);
  }

  async connect(): Promise<void> {
    const client = await this.#making;
    this.#client = client;
    client.on("error", (error) => {
      this.#onLost(error);
    });
    client.on("connect", () => {
      this.#isConnected = true;
      if (this.#isDestroyed) this.#close();
    });
    if (this.#isDestroyed) throw new Error("The connection was ended before it was made.");
    await client.connect();
  }

  send(args: ReadonlyArray<string | Buffer>): Promise<unknown> {
    if (this.#client === undefined)
      return Promise.reject(new Error("The client is not connected."));
    return this.#client.sendCommand(args, COMMAND_OPTIONS);
  }

  // Compared by name: the package may be loaded in two versions, whose classes differ.
  isReply(error: unknown): boolean {
    const name = (error as { constructor?: { name?: string } } | null)?.constructor?.name ?? "";
    return ["ErrorReply", "SimpleError", "BlobError"].includes(name);
  }

  onLost(listener: (cause: Error) => void): void {
    this.#onLost = listener;
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    // A client that is still connecting cannot be destroyed: it would connect nevertheless.
    if (this.#isConnected) this.#close();
  }

  #close(): void {
    try {
      this.#client?.destroy();
    } catch {
      // The client has already closed by itself.
    }
  }
}

function serverOf({ url, socket }: NodeRedisOptions): string {
  if (socket?.path !== undefined) return socket.path;
  if (socket?.host === undefined && url !== undefined) return new URL(url).host;
  return textOf(addressOf({ ...(socket === undefined ? {} : { socket }) }));
}

function addressOf({ url, socket }: NodeRedisOptions): Address {
  const { hostname = "", port = "" } = url === undefined ? {} : new URL(url);
  return {
    host: socket?.host ?? (hostname || "localhost"),
    port: socket?.port ?? (Number(port) || 6379),
  };
}

function mapped(address: Address, map: AddressMap): Address {
  const found = typeof map === "function" ? map(textOf(address)) : map?.[textOf(address)];
  return found ?? address;
}

function has(value: object, ...methods: readonly string[]): boolean {
  return methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
