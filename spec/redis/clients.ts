import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import * as redis5 from "redis5";
import { Cluster as Cluster6, Redis as Redis6 } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5";
import type { RedisClient } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";

/** Where a client leads: one server, the master that sentinels name, or a cluster. */
export interface Servers {
  /** Ports on loopback: of the one server, of the sentinels, or of nodes of the cluster. */
  readonly ports: readonly number[];
}

export type Topology = "single" | "Sentinel" | "Cluster";

/** A way in which an application may reach Redis. */
export interface ClientRow {
  readonly name: string;
  readonly topology: Topology;
  /** True for the newest version of its library. */
  readonly isNewest: boolean;
  /** Makes a client. It is closed with the test. */
  create(servers: Servers): Promise<RedisClient>;
}

/** The name under which sentinels know their master. */
export const MASTER = "the-master";

const HOST = "127.0.0.1";

/** All clients that a log takes. */
export const CLIENTS: readonly ClientRow[] = [
  ...[
    {
      version: "redis 6",
      library: { createClient, createClientPool, createCluster, createSentinel },
    },
    { version: "redis 5", library: redis5 as unknown as NodeRedis },
  ].flatMap(({ version, library }) => rowsOfNodeRedis(version, library)),
  ...rowsOfIoredis("ioredis 6", Redis6, Cluster6),
  ...rowsOfIoredis("ioredis 5", Redis5, Cluster5),
];

interface NodeRedis {
  createClient(options: object): NodeRedisClient;
  createClientPool(options: object): NodeRedisClient;
  createSentinel(options: object): NodeRedisClient;
  createCluster(options: object): NodeRedisClient;
}

type NodeRedisClient = RedisClient & {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
};

type IoredisClient = RedisClient & {
  on(event: "error", listener: () => void): unknown;
  disconnect(): void;
};

type IoredisClass = new (options: object) => IoredisClient;
type ClusterClass = new (nodes: object[], options?: object) => IoredisClient;

function rowsOfNodeRedis(version: string, library: NodeRedis): ClientRow[] {
  const isNewest = version.endsWith("6");
  const row = (what: string, topology: Topology, make: (servers: Servers) => NodeRedisClient) => ({
    name: `${version}, ${what}`,
    topology,
    isNewest,
    create: async (servers: Servers) => {
      const client = make(servers);
      client.on("error", () => undefined);
      await client.connect();
      onTestEnd(() => {
        client.destroy();
      });
      return client;
    },
  });
  const socketOf = ([port]: readonly number[]) => ({ host: HOST, port });
  return [
    ...[2, 3].map((RESP) =>
      row(`createClient, RESP ${RESP}`, "single", ({ ports }) =>
        library.createClient({ RESP, socket: socketOf(ports) }),
      ),
    ),
    row("createClientPool", "single", ({ ports }) =>
      library.createClientPool({ socket: socketOf(ports) }),
    ),
    row("createSentinel", "Sentinel", ({ ports }) =>
      library.createSentinel({
        name: MASTER,
        sentinelRootNodes: nodesAt(ports),
        scanInterval: 500,
      }),
    ),
    row("createCluster", "Cluster", ({ ports }) =>
      library.createCluster({ rootNodes: ports.map((port) => ({ socket: { host: HOST, port } })) }),
    ),
  ];
}

function rowsOfIoredis(version: string, Redis: IoredisClass, Cluster: ClusterClass): ClientRow[] {
  const row = (what: string, topology: Topology, make: (servers: Servers) => IoredisClient) => ({
    name: `${version}, ${what}`,
    topology,
    isNewest: version.endsWith("6"),
    create: (servers: Servers) => {
      const client = make(servers);
      client.on("error", () => undefined);
      onTestEnd(() => {
        client.disconnect();
      });
      return Promise.resolve(client);
    },
  });
  return [
    // A prefix is for the keys of the application.
    row(
      "Redis",
      "single",
      ({ ports }) => new Redis({ host: HOST, port: ports[0], keyPrefix: "app:" }),
    ),
    row("Redis with sentinels", "Sentinel", ({ ports }) => {
      return new Redis({ name: MASTER, sentinels: nodesAt(ports) });
    }),
    row("Cluster", "Cluster", ({ ports }) => new Cluster(nodesAt(ports))),
  ];
}

function nodesAt(ports: readonly number[]): Array<{ host: string; port: number }> {
  return ports.map((port) => ({ host: HOST, port }));
}
