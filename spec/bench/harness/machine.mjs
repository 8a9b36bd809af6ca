import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { find } from "./find-program.mjs";

// Besides the connections: the program's own files, its pipes, what Node keeps open.
const SPARE_FILES = 200;

/** What this machine lets a benchmark do. */
export class Machine {
  /** A core for the server and one for everything else, or `null`: nothing is pinned. */
  cores = find("taskset") === null ? null : twoCores();
  /** The most connections a process can hold here. */
  maxConnections = maxFiles() - SPARE_FILES;

  /** Pins this process, and the children it starts, to the core of the load. */
  pinSelf() {
    if (this.cores === null) return;
    execFileSync("taskset", ["-apc", this.cores.load, String(process.pid)], { stdio: "ignore" });
  }

  /** A command, with as many open files as are allowed, pinned to the core of the `server` or `load`. */
  command(core, file, args) {
    const limit = `ulimit -n ${maxFiles()}; exec "$@"`;
    const pin = this.cores === null ? [] : ["taskset", "-c", this.cores[core]];
    return ["sh", ["-c", limit, "sh", ...pin, file, ...args]];
  }

  get description() {
    return {
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      kernel: release(),
      node: process.version,
      isPinned: this.cores !== null,
      maxConnections: this.maxConnections,
    };
  }
}

function twoCores() {
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  const cores = (allowed ?? "").split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return cores.length < 2 ? null : { server: String(cores[0]), load: String(cores[1]) };
}

// The hard limit; root may raise it, so that is tried.
function maxFiles() {
  const wanted = 24_000;
  const { stdout } = spawnSync(
    "sh",
    ["-c", `ulimit -n ${wanted} 2>/dev/null || ulimit -n $(ulimit -Hn); ulimit -n`],
    { encoding: "utf8" },
  );
  return stdout.trim() === "unlimited" ? wanted : Math.min(wanted, Number(stdout));
}
