import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestEnd } from "./disposers.js";
import { createTally, readWithEventSource, type Assignment, type DistantTally } from "./tally.js";

/** Reads with Node's own EventSource, which is behind a flag, in a process of its own. */
export function readWithNode(assignment: Assignment): {
  done: Promise<number>;
  tally: DistantTally;
} {
  const script = `
    const tally = (${createTally.toString()})();
    process.on("message", ({ name, index }) => process.send(tally[name](index)));
    (${readWithEventSource.toString()})(tally, ${JSON.stringify(assignment)})
      .then((count) => process.send(count));
  `;
  const flags = ["--experimental-eventsource", "--no-warnings"];
  const child = spawn(process.execPath, [...flags, "-e", script], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestEnd(async () => {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  });
  const reply = async () => ((await once(child, "message")) as [unknown])[0];
  const ask = (name: string, index: number) => {
    child.send({ name, index });
    return reply();
  };
  return {
    done: reply() as Promise<number>,
    tally: {
      hashAt: async (index) => (await ask("hashAt", index)) as number,
      messageAt: async (index) => (await ask("messageAt", index)) as string,
    },
  };
}
