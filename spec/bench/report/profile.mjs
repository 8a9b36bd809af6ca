import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const SHOWN = 15;

/** What took the time in each CPU profile of a folder: the functions themselves, without what they call. */
export function profiles(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".cpuprofile"));
  return files.map((file) => `\n${file}\n${top(join(folder, file))}`).join("\n");
}

function top(file) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8"));
  const named = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  samples.forEach((id, index) => {
    const name = named.get(id);
    if (name !== "(idle)") times.set(name, (times.get(name) ?? 0) + timeDeltas[index]);
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .sort(([, one], [, other]) => other - one)
    .slice(0, SHOWN)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`)
    .join("\n");
}

function nameOf({ functionName, url, lineNumber }) {
  const where = url === "" ? "" : ` ${basename(url)}:${lineNumber + 1}`;
  return `${functionName === "" ? "(anonymous)" : functionName}${where}`;
}
