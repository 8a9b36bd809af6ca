// `npm run bench` at the top, or `node run.mjs` here. README.md tells of the options.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildBefore, buildHub, installPeers } from "./harness/build.mjs";
import { Machine } from "./harness/machine.mjs";
import { Measurement } from "./harness/measurement.mjs";
import { loadPeers } from "./harness/peers.mjs";
import { summarize } from "./report/summary.mjs";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string" },
    repeats: { type: "string" },
    before: { type: "string" },
    profile: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

installPeers();
const { scenarios } = await import("./scenarios/index.mjs");
const { markdown } = await import("./report/table.mjs");
const { profiles } = await import("./report/profile.mjs");
const { chart } = await import("./report/chart.mjs");

buildHub();
const before = options.before === undefined ? undefined : buildBefore(options.before);
const peers = choose(await loadPeers(before), options.peers, "peer");
const machine = new Machine();
machine.pinSelf();

const measurement = new Measurement({
  machine,
  peers: peers.filter(({ missing }) => missing === null),
  scenarios: choose(scenarios, options.only, "scenario"),
  isQuick: options.quick,
  repeats: Number(options.repeats ?? (options.quick ? 1 : 3)),
  profiles: options.profile ? RESULTS : null,
});
const runs = await measurement.run((line) => console.error(line));

const report = {
  commit: commit(),
  isQuick: options.quick,
  machine: machine.description,
  missing: Object.fromEntries(
    peers.filter(({ missing }) => missing !== null).map(({ name, missing }) => [name, missing]),
  ),
  runs,
};
const summary = summarize(report, choose(scenarios, options.only, "scenario"));
write({ json: JSON.stringify(report, null, 2), md: markdown(summary), svg: chart(summary) });
console.log(markdown(summary));
if (options.profile) console.log(profiles(RESULTS));

function choose(all, names, kind) {
  if (names === undefined) return all;
  const known = all.map(({ name }) => name);
  const wanted = names.split(",");
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`No ${kind} is called ${unknown.join(" or ")}. There are: ${known.join(", ")}.`);
    process.exit(2);
  }
  return all.filter(({ name }) => wanted.includes(name));
}

function write(texts) {
  mkdirSync(RESULTS, { recursive: true });
  for (const [kind, text] of Object.entries(texts)) {
    writeFileSync(join(RESULTS, `${options.keep ? "kept" : "last"}.${kind}`), `${text}\n`);
  }
}

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}
