import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Express } from "express";
import type { SseOptions } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { describeWithRedis } from "../support/redis.js";
import { until } from "../support/shop.js";
import { TokenShop, tokenOf } from "../support/token-shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const VIEWER = { login: "alice", profile: "Viewer" };
const GONE = "token=; Max-Age=0";

const BIG = "x".repeat(1_000_000);
const PARTS = ["a", BIG, "b", "c"];

function routes(app: Express): void {
  app.get("/big", (_req, res) => {
    res.cookie("token", tokenOf(ALICE)).send(BIG);
  });
  app.get("/parts", (_req, res) => {
    res.cookie("token", tokenOf(ALICE));
    Readable.from(PARTS).pipe(res);
  });
}

async function askWith(agent: Agent, url: string, cookie: string) {
  const [response] = (await once(get(url, { agent, headers: { cookie } }), "response")) as [
    IncomingMessage,
  ];
  return { headers: response.headers, body: await text(response) };
}

describeWithRedis("a credential on several nodes", (urlOf) => {
  /** Starts two nodes, and one that reaches Redis over a wire of its own. */
  async function openNodes({
    delayMs,
    revalidateMs = 60_000,
    verify,
  }: { delayMs?: number; revalidateMs?: number; verify?: SseOptions["verify"] } = {}) {
    const [name, errors] = [randomUUID(), [] as string[]];
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    proxy.delayMs = delayMs;
    const start = async (url: string) => {
      const shop = await TokenShop.open({
        hub: { log: redisLog({ url, name, deadlineMs: 30_000 }), revalidateMs },
        sse: { verify },
        routes,
      });
      shop.hub.on("error", ({ code }) => errors.push(code));
      await shop.hub.count();
      return shop;
    };
    const far = await start(proxy.url.replace("http", "redis"));
    return { proxy, errors, far, near: await start(urlOf()), other: await start(urlOf()) };
  }

  it("ends streams everywhere before the response that clears it goes out", async () => {
    const { far, near, other } = await openNodes();
    const token = tokenOf(ALICE);
    const stream = await other.stream(token);

    await far.set(token, GONE);
    await near.hub.broadcast("message", "secret", ALICE);
    const late = await near.attempt(token);

    expect([await stream.closed, await late.closed]).toEqual(["user", "user"]);
    expect([...stream.pending, ...late.pending]).toEqual([]);
    expect(other.hub.stats().sessionsEnded).toEqual({ elsewhere: 1 });
  });

  it("goes on everywhere under the values it is given, wherever that is", async () => {
    const { far, near, other } = await openNodes();
    const nodes = [far, near, other];
    let token = tokenOf(ALICE);
    const streams = await Promise.all(nodes.map((node) => node.stream(token)));

    for (let count = 0; count < 9; count += 1) {
      const next = tokenOf(ALICE);
      await nodes[count % 3]?.set(token, `token=${next}`);
      await nodes[(count + 1) % 3]?.hub.broadcast("message", String(count), ALICE);
      token = next;
    }
    const told = await Promise.all(streams.map((stream) => stream.nextData(9)));
    await near.set(token, GONE);

    expect(told).toEqual(nodes.map(() => Array.from({ length: 9 }, (_, n) => String(n))));
    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(nodes.map(() => "user"));
    expect(streams.map(({ hubEvents }) => hubEvents.length)).toEqual([2, 2, 2]);
  });

  it("ends the streams on other nodes where it stands for another user", async () => {
    const { far, near, other } = await openNodes();
    const token = tokenOf(ALICE);
    const stream = await other.stream(token);

    await far.set(token, `token=${tokenOf(VIEWER)}`);
    await near.hub.broadcast("message", "secret", ALICE);
    const late = await near.attempt(token);

    expect([await stream.closed, await late.closed]).toEqual(["user", "user"]);
    expect([...stream.pending, ...late.pending]).toEqual([]);
  });

  it.each([
    ["clears it", null],
    ["makes it another user's", VIEWER],
  ])(
    "acts on streams of a value before the last one, on a node that has not read of it: %s",
    async (_what, user) => {
      const { far, near } = await openNodes({ delayMs: 100 });
      const [token, rolled] = [tokenOf(ALICE), tokenOf(ALICE)];
      const stream = await far.stream(token);

      await near.set(token, `token=${rolled}`);
      await far.set(rolled, user === null ? GONE : `token=${tokenOf(user)}`);
      await near.hub.broadcast("message", "secret", ALICE);
      const late = await far.attempt(rolled);

      expect([await stream.closed, await late.closed]).toEqual(["user", "user"]);
      expect([...stream.pending, ...late.pending]).toEqual([]);
    },
  );

  it("verifies the last value of a stream that was opened with one before, in whatever order it hears of them", async () => {
    const revoked = new Set<string>();
    const { far, near } = await openNodes({
      delayMs: 100,
      revalidateMs: 50,
      verify: (_user, token) => !revoked.has(token),
    });
    const [token, rolled, last] = [tokenOf(ALICE), tokenOf(ALICE), tokenOf(ALICE)];
    const stream = await far.stream(token);

    await near.set(token, `token=${rolled}`);
    await far.set(rolled, `token=${last}`);
    await near.hub.broadcast("message", "for alice", ALICE);
    expect(await stream.nextData()).toEqual(["for alice"]);
    revoked.add(last);

    expect(await stream.closed).toBe("user");
    expect(far.hub.stats().sessionsEnded).toEqual({ revalidated: 1 });
  });

  it("holds back responses whole, and gives them as they are", async () => {
    const { far } = await openNodes({ delayMs: 50 });
    const token = tokenOf(ALICE);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestEnd(() => {
      agent.destroy();
    });
    const ask = (path: string) => askWith(agent, far.url + path, `token=${token}`);

    const answers = [
      await ask("/big"),
      await ask("/parts"),
      await ask("/nothing"),
      await ask("/big"),
    ];

    expect(answers.map(({ body }) => body)).toEqual([BIG, PARTS.join(""), "nothing", BIG]);
    expect(answers.map(({ headers }) => headers["content-length"])).toEqual([
      String(BIG.length),
      undefined,
      "7",
      String(BIG.length),
    ]);
  });

  it("answers after 2 s where the others cannot be told, and tells them before what it sends", async () => {
    const { proxy, errors, far, near } = await openNodes();
    const token = tokenOf(ALICE);
    const stream = await near.stream(token);
    proxy.unplug();
    await until(() => far.hub.health().status === "degraded", "it is degraded");

    await far.set(token, GONE);
    expect(errors).toEqual(["ERR_SSE_LOG", "ERR_SSE_CONTROL_UNSENT"]);
    const secret = far.hub.broadcast("message", "secret", ALICE);
    proxy.plugIn();
    await secret;

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
  });
});
