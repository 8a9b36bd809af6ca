// `npm run bench` at the top, or `node run.mjs` here. README.md tells of the options.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

// With `--only`, a part of the kept run is measured anew. It must be like the rest.
const isPart = options.keep && options.only !== undefined;
if (options.keep && (options.quick || (isPart && options.peers !== undefined))) {
  console.error("--keep needs a whole run, or whole scenarios: leave out --quick and --peers.");
  process.exit(2);
}

installPeers();
const { scenarios } = await import("./scenarios/index.mjs");
const { markdown } = await import("./report/table.mjs");
const { profiles } = await import("./report/profile.mjs");
const { chart } = await import("./report/chart.mjs");

const entry = buildHub();
const before = options.before === undefined ? undefined : buildBefore(options.before);
const peers = choose(await loadPeers(before), options.peers, "peer");
const machine = new Machine();
machine.pinSelf();

const measurement = new Measurement({
  machine,
  entry,
  peers: peers.filter(({ missing }) => missing === null),
  scenarios: choose(scenarios, options.only, "scenario"),
  isQuick: options.quick,
  repeats: Number(options.repeats ?? (options.quick ? 1 : 3)),
  profiles: options.profile ? RESULTS : null,
});
const runs = await measurement.run((line) => console.error(line));

const measured = {
  isQuick: options.quick,
  machine: machine.description,
  missing: Object.fromEntries(
    peers.filter(({ missing }) => missing !== null).map(({ name, missing }) => [name, missing]),
  ),
  runs: runs.map((run) => ({ ...run, commit: commit() })),
};
const report = isPart ? joined(kept(), measured) : measured;
const summary = summarize(report, scenarios);
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

function joined(kept, measured) {
  const anew = new Set(measured.runs.map(({ scenario }) => scenario));
  const others = kept.runs.filter(({ scenario }) => !anew.has(scenario));
  return { ...measured, missing: kept.missing, runs: [...others, ...measured.runs] };
}

function kept() {
  return JSON.parse(readFileSync(join(RESULTS, "kept.json"), "utf8"));
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
