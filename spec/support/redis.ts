import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REDIS = "/usr/bin/redis-server";

/**
 * A `describe` whose specs need a real Redis, which is started for them. On a machine without it they
 * are skipped, and a line says so; where `CI` is `true` they fail instead.
 *
 * @param specs gets a function that gives the server's URL, to be called in a test
 */
export function describeWithRedis(name: string, specs: (urlOf: () => string) => void): void {
  if (!existsSync(REDIS) && process.env.CI !== "true") {
    process.stderr.write(`Skipped without ${REDIS} (apt-get install redis-server): ${name}\n`);
    describe.skip(name, () => {
      specs(() => "");
    });
    return;
  }
  describe(name, () => {
    let redis: Awaited<ReturnType<typeof startRedis>> | undefined;

    beforeAll(async () => {
      redis = await startRedis();
    });

    afterAll(() => redis?.stop());

    specs(() => redis?.url ?? "");
  });
}

async function startRedis(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "redis-spec-"));
  const port = await freePort();
  const child = spawn(
    REDIS,
    `--port ${port} --bind 127.0.0.1 --save  --appendonly no --dir ${folder}`.split(" "),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exit = once(child, "exit");
  await isReady(child.stdout, exit);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGKILL");
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

async function isReady(output: NodeJS.ReadableStream, exit: Promise<unknown>): Promise<void> {
  let text = "";
  const ready = new Promise<void>((resolve) => {
    output.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.includes("Ready to accept connections")) resolve();
    });
  });
  const ended = exit.then(() => {
    throw new Error(`redis-server has exited: ${text}`);
  });
  await Promise.race([ready, ended]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
