import { describeInBrowser } from "../support/browser.js";
import { RedisServer } from "../support/redis.js";
import { RunNode } from "./run-process.js";

const COUNT = 4_000;
const TIMEOUT_MS = 120_000;

describeInBrowser("a page that follows a run of another node", (windows) => {
  it(
    "has all of it, byte for byte, after its own server was killed and started again",
    async () => {
      const redis = await RedisServer.start();
      const [producer, server] = await Promise.all([
        RunNode.start(redis.url),
        RunNode.start(redis.url),
      ]);
      await producer.ask(`/runs/long?count=${COUNT}&fails=no`, "POST");
      const page = await windows.open(server.url);
      await page.waitForFunction("window.run?.text.length > 200");

      await server.kill();
      await page.waitForFunction('run.state === "waiting"');
      const { length } = await page.evaluate<string>("run.text");
      await server.run();
      await page.waitForFunction(`run.text.length > ${length}`, null, { timeout: 30_000 });
      await page.waitForFunction('run.state === "done"', null, { timeout: 30_000 });

      const whole = Array.from({ length: COUNT }, (_, n) => String(n + 1)).join("");
      expect(await page.evaluate("run.text")).toBe(whole);
    },
    TIMEOUT_MS,
  );
});
