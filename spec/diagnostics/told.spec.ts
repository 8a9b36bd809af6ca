import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { until } from "../support/shop.js";

const ROOT = join(__dirname, "../..");
const START_MS = 60_000;

/** Starts the scenario as a process of its own, until the end of the test. */
function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "told-scenario.ts")], {
    cwd: ROOT,
    env: { ...process.env, NODE_DEBUG: "", ...env },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const exit = once(child, "close").then(([code]) => code as number | null);
  onTestEnd(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return { said, exit, end: () => child.stdin.end() };
}

/** The lines of NODE_DEBUG, with what is drawn at random in the order of its coming: A, B, … */
function linesIn(text: string): string[] {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    if (!names.has(id)) names.set(id, String.fromCharCode(65 + names.size));
    return names.get(id) ?? "";
  };
  return text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replace(/^SSE \d+: /, "")
        .replace(
          /\b(open |end |ended )([\w-]{16})(?=[ :]|$)/g,
          (_, what: string, id: string) => what + nameOf(id),
        )
        .replace(/[\w-]{8,16}\.(\d+)/, "<epoch>.$1"),
    );
}

describe("NODE_DEBUG=sse", () => {
  it(
    "says each opening, end, refusal and change of a session in a line, and nobody's data",
    async () => {
      const { said, exit } = start({ NODE_DEBUG: "sse" });

      expect([await exit, said.stdout]).toEqual([0, ""]);
      expect(linesIn(said.stderr)).toEqual([
        "open A at <epoch>.0: new",
        "broadcast <epoch>.1: reached 1 of 1",
        "broadcast <epoch>.2: reached 0 of 1",
        "end A: gone",
        "open B at <epoch>.1: recovered",
        "refused: origin",
        "end B: user",
        "session destroyed: ended B",
      ]);
    },
    START_MS,
  );

  it(
    "does not count in production whom a broadcast reaches",
    async () => {
      const { said, exit } = start({ NODE_DEBUG: "sse", NODE_ENV: "production" });

      expect(await exit).toBe(0);
      expect(linesIn(said.stderr)).toContain("open A at <epoch>.0: new");
      expect(said.stderr).not.toContain("reached");
    },
    START_MS,
  );

  it(
    "is silent when it is not asked for",
    async () => {
      const { said, exit } = start({});

      expect([await exit, said]).toEqual([0, { stdout: "", stderr: "" }]);
    },
    START_MS,
  );

  describeWithRedis("with a log in Redis", () => {
    it(
      "says how its connections come and go, and where the log begins anew",
      async () => {
        const redis = await RedisServer.start();
        const { said, exit, end } = start({ NODE_DEBUG: "sse", REDIS_URL: redis.url });
        const says = (text: string) =>
          until(() => said.stderr.split(text).length > 1, `it says ${text}`, START_MS);
        await says("redis reading: up");
        await says("redis commands: up");
        await redis.kill();
        await says("redis reading: down");
        await says("redis commands: down");
        said.stderr = "";
        await redis.run();
        await says("redis reading: up");
        await says("redis commands: up");
        await says("break: it goes on from");
        end();

        expect(await exit).toBe(0);
        expect(said.stderr).not.toContain("127.0.0.1");
        expect(linesIn(said.stderr)).toContain("break: it goes on from <epoch>.0");
      },
      START_MS,
    );
  });
});

describe("a subscriber that throws", () => {
  it(
    "is an uncaught exception as with any channel, and disturbs no delivery",
    async () => {
      const { said, exit } = start({ THROW: "1" });

      expect([await exit, said]).toEqual([
        0,
        { stdout: "open pass end open refusal end session\n", stderr: "" },
      ]);
    },
    START_MS,
  );
});
