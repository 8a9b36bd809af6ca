// A bare epoll loop in C: what the kernel takes, and next to nothing besides.
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { compile, missingCompiler } from "../harness/compile.mjs";

export const name = "raw-c";
export const isOutside = true;
export const missing = missingCompiler;

export async function start({ port, spawnServer }) {
  const program = await compile(fileURLToPath(new URL("raw-c.c", import.meta.url)));
  const child = spawnServer(program, [String(port)]);
  await once(child.stdout, "data");
  return { pids: [child.pid], broadcast: (text) => void child.stdin.write(`${text}\n`) };
}
