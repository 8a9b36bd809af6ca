import { freePort } from "./free-port.js";
import { Program } from "./program.js";

/** Starts a Redis that keeps nothing on disk, and resolves when it takes connections. */
export async function startRedis(
  file: string,
  folder: string,
): Promise<{ redis: Program; url: string }> {
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", ""];
  const redis = Program.spawn(file, args, ["ignore", "pipe", "inherit"]);
  await Promise.race([isReady(redis), redis.hasFailed()]);
  return { redis, url: `redis://127.0.0.1:${port}` };
}

function isReady({ output }: Program): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    const listen = (more: Buffer) => {
      text += more.toString();
      if (!text.includes("Ready to accept connections")) return;
      output?.off("data", listen).resume();
      resolve();
    };
    output?.on("data", listen);
  });
}
