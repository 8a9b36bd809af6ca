import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Cluster } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { describeWith } from "../support/describe-with.js";
import { onTestEnd } from "../support/disposers.js";
import { draftOf } from "../support/log-witness.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { startNode, startNodeSoon } from "./nodes.js";

const VERSIONS = [
  ["ioredis 6", Cluster],
  ["ioredis 5", Cluster5 as unknown as typeof Cluster],
] as const;

function connect(ClusterClass: typeof Cluster, nodes: Array<string | object>): Cluster {
  const client = new ClusterClass(nodes);
  client.on("error", () => undefined);
  onTestEnd(() => {
    client.disconnect();
  });
  return client;
}

describeWith(["/usr/bin/redis-server"], "redisLog with nodes of a cluster in ioredis", () => {
  let cluster: RedisCluster | undefined;

  beforeAll(async () => {
    cluster = await RedisCluster.create();
    await cluster.protect("secret");
  }, 60_000);

  afterAll(() => cluster?.remove());

  const portsOf = () => cluster?.ports ?? [];

  it.each(VERSIONS)("reads their credentials from URLs, with %s", async (_name, ClusterClass) => {
    const urls = portsOf().map((port) => `redis://default:secret@127.0.0.1:${port}`);
    const { log, witness } = await startNode({ client: connect(ClusterClass, urls) });
    await log.append(draftOf("a"));
    await log.catchUp();
    expect(witness.record).toEqual(["a"]);
  });

  it.each(VERSIONS)("reads them from objects, with %s", async (_name, ClusterClass) => {
    const nodes = portsOf().map((port) => ({ host: "127.0.0.1", port, password: "secret" }));
    const { log, witness } = await startNode({ client: connect(ClusterClass, nodes), name: "b" });
    await log.append(draftOf("b"));
    await log.catchUp();
    expect(witness.record).toEqual(["b"]);
  });
});

describe("redisLog with a node whose URL begins with rediss:", () => {
  it.each(VERSIONS)("speaks TLS, with %s", async (_name, ClusterClass) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestEnd(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const client = connect(ClusterClass, [`rediss://127.0.0.1:${port}`]);
    client.disconnect();
    startNodeSoon({ client });
    const [socket] = (await once(server, "connection")) as [Socket];
    const [bytes] = (await once(socket, "data")) as [Buffer];
    // The record of a handshake.
    expect(bytes[0]).toBe(0x16);
  });
});
