import { describeInBrowser } from "../support/browser.js";
import { eventually } from "../support/eventually.js";
import { RedisServer } from "../support/redis.js";
import { RunNode } from "./run-process.js";

const COUNT = 4_000;
const TIMEOUT_MS = 180_000;
// Nobody shall take a producer that was held up for dead.
const LASTING = { LEASE_MS: "30000" };
// The run itself takes ten seconds, and more on a busy machine.
const RUN_MS = 120_000;

describeInBrowser("a page that follows a run of another node", (windows) => {
  it(
    "has all of it, byte for byte, after its own server was killed and started again",
    async () => {
      const redis = await RedisServer.start();
      const [producer, server] = await Promise.all([
        RunNode.start(redis.url, LASTING),
        RunNode.start(redis.url, LASTING),
      ]);
      await producer.ask(`/runs/long?count=${COUNT}&fails=no`, "POST");
      // The log must have the run before another node is asked for it.
      await eventually(
        async () => {
          const asked = new AbortController();
          const headers = { "x-name": "alice" };
          const { signal } = asked;
          const { status } = await fetch(`${server.url}/runs/long`, { headers, signal });
          asked.abort();
          return status;
        },
        (status) => status === 200,
      );
      const page = await windows.open(server.url);
      await page.waitForFunction("window.run?.text.length > 200");

      await server.kill();
      await page.waitForFunction('run.state === "waiting"');
      const { length } = await page.evaluate<string>("run.text");
      await server.run();
      await page.waitForFunction(`run.text.length > ${length}`, null, { timeout: RUN_MS });
      await page.waitForFunction('run.state === "done"', null, { timeout: RUN_MS });

      const whole = Array.from({ length: COUNT }, (_, n) => String(n + 1)).join("");
      expect(await page.evaluate("run.text")).toBe(whole);
    },
    TIMEOUT_MS,
  );
});
