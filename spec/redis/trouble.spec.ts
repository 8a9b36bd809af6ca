import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createClient, createClientPool } from "redis";
import { redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { draftOf } from "../support/log-witness.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { RedisServer, describeWithRedis } from "../support/redis.js";
import { until } from "../support/shop.js";
import { connectTo, startNodeSoon, type Node } from "./nodes.js";

/** What a node has been told of its Redis, the first time. */
async function troubleOf({ log, witness }: Node): Promise<string> {
  await witness.until(() => witness.errors.length > 0);
  const [error] = witness.errors;
  expect(error).toMatchObject({ code: "ERR_SSE_LOG" });
  expect(log.health.problem).toBe(error?.message);
  return error?.message ?? "";
}

/** A server that answers each command with what a function gives. */
async function serveResp(answer: (command: string) => string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      for (const [, command = ""] of data.toString().matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm)) {
        socket.write(answer(command.toUpperCase()));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describeWithRedis("redisLog in trouble", (urlOf) => {
  it("says that nothing listens, where, and what to do", async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const node = startNodeSoon({ url: redis.url });
    expect(await troubleOf(node)).toBe(
      `Redis at 127.0.0.1:${redis.port} cannot be reached (connect ECONNREFUSED 127.0.0.1:${redis.port}). ` +
        "Check that it runs, and that host and port are correct.",
    );
    await redis.run();
    await node.log.catchUp();
    expect(node.log.health).toMatchObject({ status: "ok", problem: null });
  });

  it("says that the password is refused", async () => {
    const { port } = await RedisServer.start(["--requirepass", "secret"]);
    const wrong = startNodeSoon({ url: `redis://:wrong@127.0.0.1:${port}` });
    expect(await troubleOf(wrong)).toMatch(
      new RegExp(`^Redis at 127.0.0.1:${port} refuses the user or the password .*Check both`),
    );
  });

  it("says once that a command is denied, and does not ask again and again", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    await command("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-xread");
    const node = startNodeSoon({ url: `redis://app:secret@127.0.0.1:${redis.port}` });
    expect(await troubleOf(node)).toMatch(
      /denies the log a command or a key \(NOPERM.*Grant the user/,
    );
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(String(await command("INFO")))?.[1]);
    const before = await connections();
    await until(() => node.log.health.lagMs > 1_500, "it has been tried some times");
    expect(await connections()).toBeLessThan(before + 12);
    expect(node.witness.errors).toHaveLength(1);
  });

  it("says once more when the trouble becomes another one", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    const node = startNodeSoon({ url: redis.url });
    await node.log.catchUp();
    await command("CONFIG", "SET", "requirepass", "secret");
    await command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await node.witness.until(() => node.witness.errors.length > 1);
    expect(node.witness.errors.map(({ message }) => message.replace(/^.*?:\d+ /, ""))).toEqual([
      expect.stringMatching(/^cannot be reached/),
      expect.stringMatching(/^refuses the user or the password/),
    ]);
  });

  it("says that the server is too old", async () => {
    const port = await serveResp((command) =>
      command === "INFO" ? "$25\r\nredis_version:6.0.16\r\nx:yz\r\n" : "+OK\r\n",
    );
    const node = startNodeSoon({ url: `redis://127.0.0.1:${port}` });
    expect(await troubleOf(node)).toMatch(
      new RegExp(`^Redis at 127.0.0.1:${port} is too old \\(VERSION 6.0.16\\).*6.2 or later`),
    );
  });

  it("says that answers have an unknown form", async () => {
    const port = await serveResp((command) => (command === "INFO" ? "$0\r\n\r\n" : "+OK\r\n"));
    const node = startNodeSoon({ url: `redis://127.0.0.1:${port}` });
    expect(await troubleOf(node)).toMatch(/answered in a form that the log does not know/);
  });

  it("says within the deadline that it was never reached, though nobody broadcasts", async () => {
    const port = await serveResp(() => "");
    const node = startNodeSoon({ url: `redis://127.0.0.1:${port}`, deadlineMs: 300 });
    expect(await troubleOf(node)).toMatch(/^Redis does not answer \(Redis has not accepted/);
    expect(node.log.health.lagMs).toBeLessThan(4_000);
  });

  it("warns of a Redis that may delete the log, and works", async () => {
    const { url, port } = await RedisServer.start([
      ...["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
    ]);
    const node = startNodeSoon({ url });
    expect(await troubleOf(node)).toMatch(
      new RegExp(`^Redis at 127.0.0.1:${port} may delete the log .*allkeys-lru.*noeviction`),
    );
    await node.log.append(draftOf("a"));
    await until(() => node.log.health.status === "ok", "it works all the same");
  });

  it("says that the server is a replica", async () => {
    const { port } = new URL(urlOf());
    const replica = await RedisServer.start(["--replicaof", "127.0.0.1", port]);
    const node = startNodeSoon({ url: replica.url });
    expect(await troubleOf(node)).toMatch(/is a replica, which takes no writes/);
  });

  it("says that a node of a cluster was named, and which client to give", async () => {
    const cluster = await RedisCluster.create();
    onTestEnd(() => cluster.remove());
    const { port } = await cluster.masterOf("{sse}:meta");
    const other = cluster.ports.slice(0, 3).find((one) => one !== port);
    const node = startNodeSoon({ url: `redis://127.0.0.1:${other}` });
    expect(await troubleOf(node)).toMatch(/is a node of a cluster .*createCluster\(\) of redis/);
  }, 60_000);

  it("says that a client must be connected", async () => {
    const pool = createClientPool({ url: urlOf() });
    const node = startNodeSoon({ client: pool });
    expect(await troubleOf(node)).toMatch(
      /client given to redisLog\(\) is not connected.*connect\(\)/,
    );
    pool.on("error", () => undefined);
    await pool.connect();
    onTestEnd(() => {
      pool.destroy();
    });
    await node.log.catchUp();
    expect(node.log.health).toMatchObject({ status: "ok", problem: null });
  });

  it.each([[{}], [{ duplicate: 7 }], [{ duplicate: () => null }], [createClient]])(
    "refuses what is no client, and names those it takes",
    (client) => {
      expect(() => redisLog({ client: client as never })).toThrow(
        expect.objectContaining({
          code: "ERR_SSE_OPTION",
          message: expect.stringMatching(/createCluster\) or of ioredis 5 or 6 \(Redis, Cluster\)/),
        }),
      );
    },
  );
});
