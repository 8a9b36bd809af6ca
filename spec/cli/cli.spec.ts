import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as nextLook } from "node:timers/promises";
import { migrate, postgresLog } from "express-sse-hub/postgres";
import { redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { connectTo } from "../redis/nodes.js";
import { describeWithPostgres, type PostgresServer } from "../support/postgres.js";
import { freePort } from "../support/free-port.js";
import { describeWithRedis } from "../support/redis.js";
import { Shop, until } from "../support/shop.js";

const ROOT = join(__dirname, "../..");
const START_MS = 60_000;

/** `express-sse-hub` as a process, until the end of the test. */
class Program {
  stdout = "";
  stderr = "";
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, ["--import", "tsx", "lib/cli/bin.ts", ...args], {
      cwd: ROOT,
      env: { ...process.env, REDIS_URL: "", ...env },
    });
    this.#child = child;
    this.exit = once(child, "close").then(([code]) => code as number | null);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    onTestEnd(async () => {
      child.kill("SIGKILL");
      await this.exit;
    });
  }

  /** Runs it to its end, with this on its standard input. */
  static async finish(args: readonly string[], input = "", env = {}): Promise<Program> {
    const program = new Program(args, env);
    program.#child.stdin.end(input);
    await program.exit;
    return program;
  }

  says(text: string): Promise<void> {
    return until(
      () => (this.stdout + this.stderr).includes(text),
      `it says ${text}: ${this.stdout} ${this.stderr}`,
      START_MS,
    );
  }

  stop(): void {
    this.#child.kill("SIGINT");
  }
}

describe("express-sse-hub", () => {
  it.each([
    [[], "No command was given. Expected publish or tail."],
    [["send"], "There is no command send."],
    [["publish", "order"], "publish needs two arguments: the name of an event and its data."],
    [["publish", "order", "{}"], "No log was named."],
    [
      ["tail", "--redis", "redis://x", "--postgres", "postgres://x"],
      "Both --redis and --postgres were given.",
    ],
    [
      ["tail", "--redis", "redis://x", "--schema", "events"],
      "--schema was given without --postgres.",
    ],
    [["tail", "--postgres", "http://x"], "The option connectionString of postgresLog() is"],
    [["publish", "order", "a", "b", "--redis", "redis://x"], '"b" is one argument too many.'],
    [
      ["publish", "order", "a", "--redis", "redis://x", "--filter", "{"],
      "The filter is {. Expected JSON",
    ],
    [["publish", "hub:x", "a", "--redis", "redis://x"], 'that does not begin with "hub:"'],
    [["publish", "x", "a", "--redis", "http://x"], "The option url of redisLog() is"],
    [["tail", "--redis", "redis://x", "--to", "desk"], "tail does not take --to."],
    [["tail", "--radis", "redis://x"], "--radis"],
  ])(
    "refuses %j, and says why",
    async (args, message) => {
      const { exit, stdout, stderr } = await Program.finish(args);
      expect([await exit, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(message);
    },
    START_MS,
  );

  it(
    "prints how it is used",
    async () => {
      const { exit, stdout } = await Program.finish(["--help"]);
      expect(await exit).toBe(0);
      expect(stdout).toMatch(/^Usage:\n {2}express-sse-hub publish <event> <data>/);
    },
    START_MS,
  );

  it(
    "fails where Redis is not there, and says where it should be",
    async () => {
      const port = await freePort();
      const { exit, stdout, stderr } = await Program.finish([
        "publish",
        "order",
        "a",
        "--redis",
        `redis://127.0.0.1:${port}`,
      ]);
      expect([await exit, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^ERR_SSE_LOG: Redis has not accepted an event/);
      expect(stderr).toContain(String(port));
    },
    START_MS,
  );
});

describeWithRedis("express-sse-hub with Redis", (urlOf) => {
  async function openShop() {
    const name = randomUUID();
    const shop = await Shop.open({ hub: { log: redisLog({ url: urlOf(), name }) } });
    await shop.hub.count();
    return { shop, place: ["--redis", urlOf(), "--name", name] };
  }

  it(
    "publishes what hub.broadcast() does: to rooms, users and newcomers",
    async () => {
      const { shop, place } = await openShop();
      const alice = { cookie: await shop.signIn({ login: "alice", profile: "Administrator" }) };
      const [everybody, administrator, desk] = [
        await shop.stream(),
        await shop.stream("/events", alice),
        await shop.stream("/rooms/desk"),
      ];
      const published: Program[] = [];
      for (const [data, ...options] of [
        ['{"id":1}'],
        ["for administrators", "--filter", '{"profile":"Administrator"}'],
        ["for the desk", "--to", "desk", "--to", "kitchen"],
        ["kept", "--retain", "price", "--volatile"],
      ]) {
        published.push(
          await Program.finish(["publish", "order", data ?? "", ...options, ...place]),
        );
      }
      published.push(await Program.finish(["publish", "order", "-", ...place], "typed\nin"));
      const late = await shop.stream();
      await shop.hub.broadcast("message", "end");

      expect(published.map(({ stderr }) => stderr)).toEqual(["", "", "", "", ""]);
      expect(await everybody.next()).toEqual({
        event: "order",
        data: '{"id":1}',
        id: published[0]?.stdout.trim(),
      });
      expect(await everybody.nextData(3)).toEqual(["kept", "typed\nin", "end"]);
      const all = ['{"id":1}', "for administrators", "kept", "typed\nin", "end"];
      expect(await administrator.nextData(5)).toEqual(all);
      expect((await desk.nextData(5)).at(1)).toBe("for the desk");
      expect(await late.nextData(2)).toEqual(["kept", "end"]);
    },
    START_MS,
  );

  it(
    "lets nothing go that the nodes keep, however old it is",
    async () => {
      const name = randomUUID();
      const log = redisLog({ url: urlOf(), name, maxAgeMs: null });
      const shop = await Shop.open({ hub: { log } });
      for (const text of ["a", "b", "c"]) await shop.hub.broadcast("message", text);
      // Two segments that began in 1970.
      const command = await connectTo(urlOf());
      await command("DEL", `{${name}}:marks`);
      await command("RPUSH", `{${name}}:marks`, "1 0 1 0 1000", "3 2 3 0 1001");
      await command("HSET", `{${name}}:meta`, "mark", "3 2 3 0 1001");
      const args = ["publish", "message", "d", "--name", name];
      const { stdout } = await Program.finish(args, "", { REDIS_URL: urlOf() });
      expect(stdout).toBe(`${log.epoch}.4\n`);
      expect(Number(await command("XLEN", `{${name}}:log`))).toBe(4);
    },
    START_MS,
  );

  it(
    "prints what is published from now on, a line for each event, until it is stopped",
    async () => {
      const { shop, place } = await openShop();
      const { hub } = shop;
      await hub.broadcast("message", "before");
      const tail = new Program(["tail", ...place]);
      await tail.says("Listening from ");
      const ids = [
        await hub.broadcast("order", { id: 1 }),
        await hub.to("desk", "kitchen").broadcast("message", "two\nlines \u001b[31m"),
        await hub.broadcast("message", "for viewers", { profile: "Viewer" }),
      ];
      await hub.volatile().broadcast("typing", "bob");
      await hub.retain("price").clear();
      ids.push(await hub.broadcast("message", "end"));
      await tail.says(" end\n");
      tail.stop();

      expect(await tail.exit).toBe(0);
      expect(tail.stdout.split("\n")).toEqual([
        `${ids[0]} order {"id":1}`,
        `${ids[1]} message two\\u000alines \\u001b[31m to "desk" and "kitchen"`,
        `${ids[2]} message for viewers filter {"profile":"Viewer"}`,
        "volatile typing bob",
        `${ids[3]} message end`,
        "",
      ]);
    },
    START_MS,
  );

  it(
    "is none of the application's nodes: nobody waits for it",
    async () => {
      const { shop, place } = await openShop();
      await shop.stream();
      const tail = new Program(["tail", ...place]);
      await tail.says("Listening from ");
      expect([await shop.hub.count(), await shop.hub.users()]).toEqual([1, []]);
    },
    START_MS,
  );
});

describeWithPostgres("express-sse-hub with PostgreSQL", (serverOf) => {
  /** A shop whose log has a place of its own, and keeps everything. */
  async function openShop(name: string) {
    const server = serverOf();
    const schema = "events";
    await server.sql(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    const log = { connectionString: server.url, schema, name, maxAgeMs: null };
    await migrate({ connectionString: server.url, schema, name });
    const shop = await Shop.open({ hub: { log: postgresLog(log) } });
    await shop.hub.count();
    const of = ["--schema", schema, "--name", name];
    return { server, shop, of, place: ["--postgres", server.url, ...of] };
  }

  /** Each of the two that follow the log writes that it is alive, trims, and does so again. */
  async function everyNodeHasTrimmed(server: PostgresServer, table: string) {
    const ask = `SELECT count(*)::int, min(seen)::float, max(seen)::float FROM ${table}`;
    let since = Infinity;
    for (;;) {
      const [nodes] = await server.sql(ask);
      if (Number(nodes?.min) > since) return;
      if (since === Infinity && nodes?.count === 2) since = Number(nodes.max);
      await nextLook(50);
    }
  }

  it(
    "publishes what hub.broadcast() does, with the password of the environment",
    async () => {
      const { server, shop, of } = await openShop("published");
      const everybody = await shop.stream();
      const desk = await shop.stream("/rooms/desk");
      await server.sql("CREATE ROLE shell SUPERUSER LOGIN PASSWORD 'open sesame'");
      await server.asksForPassword("shell");
      const publish = async (env: Record<string, string>, ...args: string[]) => {
        const place = ["--postgres", server.urlOf("shell"), ...of];
        return Program.finish(["publish", "order", ...args, ...place], "", env);
      };
      const right = { PGPASSWORD: "open sesame" };
      const first = await publish(right, '{"id":1}');
      await publish(right, "for the desk", "--to", "desk");
      const refused = await publish({ PGPASSWORD: "wrong" }, "not at all");
      await shop.hub.broadcast("message", "end");

      expect([first.stderr, await refused.exit]).toEqual(["", 1]);
      const id = first.stdout.trim();
      expect(await everybody.next()).toEqual({ event: "order", data: '{"id":1}', id });
      expect(await everybody.nextData()).toEqual(["end"]);
      expect(await desk.nextData(3)).toEqual(['{"id":1}', "for the desk", "end"]);
      expect(refused.stderr).toMatch(/^ERR_SSE_LOG: /);
    },
    START_MS,
  );

  it(
    "prints what is published, lets nothing go that the nodes keep, and is none of them",
    async () => {
      const { server, shop, place } = await openShop("printed");
      await shop.hub.broadcast("message", "before");
      await shop.stream();
      await server.sql('UPDATE events.printed_log SET "time" = 0');
      const tail = new Program(["tail", ...place]);
      await tail.says("Listening from ");
      const id = await shop.hub.to("desk").broadcast("order", { id: 1 });
      await tail.says(' to "desk"\n');
      const { stdout } = await Program.finish(["publish", "message", "end", ...place]);
      await tail.says(" end\n");
      await everyNodeHasTrimmed(server, "events.printed_nodes");
      const there = [await shop.hub.count(), await shop.hub.users()];
      tail.stop();

      expect(await tail.exit).toBe(0);
      expect(tail.stdout).toBe(`${id} order {"id":1} to "desk"\n${stdout.trim()} message end\n`);
      expect(there).toEqual([1, []]);
      const [kept] = await server.sql(
        "SELECT count(*)::int AS events FROM events.printed_log WHERE kind = 'event'",
      );
      expect(kept).toEqual({ events: 3 });
    },
    START_MS,
  );
});
