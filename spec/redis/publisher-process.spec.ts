import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../support/free-port.js";
import { sampleFolder } from "../support/sample-server.js";

const TSCONFIG = join(__dirname, "../../tsconfig.json");

const JOB = `
  import { publisher } from "express-sse-hub/redis";

  const shop = publisher({ url: process.env.REDIS_URL, deadlineMs: 2_000 });
  shop.on("error", () => undefined);
  await shop.broadcast("order", "1").catch(({ outcome }) => console.log(outcome));
  await shop.close();
`;

describe("a job that only publishes", () => {
  it("hears that Redis is away, instead of ending in silence while it waits", async () => {
    const folder = await sampleFolder({ "job.mjs": JOB });
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "job.mjs"], {
      cwd: folder,
      env: {
        ...process.env,
        TSX_TSCONFIG_PATH: TSCONFIG,
        REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
      },
    });
    expect(stdout).toBe("not-sent\n");
  });
});
