import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const BENCH = fileURLToPath(new URL("../", import.meta.url));
const ROOT = join(BENCH, "../..");

/** Installs the peers, unless that was done before. */
export function installPeers() {
  if (existsSync(join(BENCH, "node_modules"))) return;
  console.error("installing the peers …");
  run("npm", ["install", "--no-audit", "--no-fund"], BENCH);
}

/** Builds this package, and gives its entry. */
export function buildHub() {
  return build(ROOT, "hub");
}

/** Builds another checkout of this package, to be run beside this one. */
export function buildBefore(folder) {
  return build(resolve(folder), "before");
}

// Into a folder here: dist/ may be in use by somebody else.
function build(root, name) {
  const out = join(BENCH, "dist", name);
  rmSync(out, { recursive: true, force: true });
  const compiler = join(ROOT, "node_modules/.bin/tsc");
  run(compiler, ["-p", "lib/tsconfig.esm.json", "--outDir", out], root);
  return pathToFileURL(join(out, "index.js")).href;
}

function run(file, args, folder) {
  execFileSync(file, args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
}
