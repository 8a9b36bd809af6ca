import { readFileSync, readdirSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** Seconds of CPU that processes have used, in user and kernel mode, all threads. */
export function cpuSeconds(pids) {
  return sum(pids.map((pid) => cpuByScheduler(pid) ?? cpuByTicks(pid)));
}

/** Mebibytes of memory that processes hold. */
export function rssMiB(pids) {
  return sum(pids.map((pid) => fieldOf(pid, "VmRSS") / 1024));
}

/** Seconds in which a core did anything, for whomever. */
export function busySeconds(core) {
  const line = readFileSync("/proc/stat", "utf8")
    .split("\n")
    .find((text) => text.startsWith(`cpu${core} `));
  const [user, nice, system, , , interrupts, softInterrupts] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts) / TICKS_PER_SECOND;
}

// In nanoseconds, where the kernel tells: a tick of 10 ms is too coarse for a broadcast to one.
function cpuByScheduler(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return sum(threads.map((thread) => nanosecondsOf(pid, thread))) / 1e9;
  } catch {
    return null;
  }
}

function nanosecondsOf(pid, thread) {
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
}

function cpuByTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function fieldOf(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
