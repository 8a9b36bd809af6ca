import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listenForKeys, type KeyActions } from "../console-keys.js";
import { readPort } from "../read-port.js";
import type { ConsoleHello } from "../say-hello.js";
import { Cluster } from "./cluster.js";
import { IN_POSTGRES, IN_REDIS } from "./shared-server.js";

const DEFAULT_PORT = 2016;
// One ctrl-C may arrive twice: npm hands on what the terminal has sent to both already.
const SAME_INTERRUPT_MS = 300;

const folder = mkdtempSync(join(tmpdir(), "express-sse-hub-demo-"));
process.on("exit", () => {
  rmSync(folder, { recursive: true, force: true });
});
const kind = process.argv.includes("--postgres") ? IN_POSTGRES : IN_REDIS;
const cluster = new Cluster({ folder, say, kind });
let stoppingSince: number | undefined;

process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);

try {
  const port = await cluster.start(readPort(process.env.PORT, DEFAULT_PORT));
  listenForKeys(process.stdin, keyActions(), interrupt);
  const url = `http://localhost:${port}`;
  say(`Page    ${url}/`);
  say(`Stream  ${url}/api/test/sse`);
  say("");
  say("(S)end to all, (A)dministrators only, (K)ill a node or (1) (2) (3), (Q)uit");
} catch (error) {
  // Asked to stop while it started, it ends with what was started: that is no failure.
  if (stoppingSince === undefined) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

function keyActions(): KeyActions {
  return {
    s: () => {
      hello({ to: "all", text: "hello" });
    },
    a: () => {
      hello({ to: "administrators", text: "hello" });
    },
    k: () => {
      cluster.anyNode()?.kill();
    },
    1: kill(1),
    2: kill(2),
    3: kill(3),
    q: quit,
  };
}

function kill(ordinal: number): () => void {
  return () => {
    cluster.node(ordinal)?.kill();
  };
}

function hello(words: ConsoleHello): void {
  cluster.anyNode()?.sayHello(words);
}

function quit(): void {
  if (stoppingSince !== undefined) return;
  stoppingSince = performance.now();
  say("Closing.");
  void cluster.stop().finally(() => process.exit(0));
}

/** Quits; asked a second time, without waiting for anybody. */
function interrupt(): void {
  if (stoppingSince === undefined) quit();
  else if (performance.now() - stoppingSince > SAME_INTERRUPT_MS) process.exit(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
