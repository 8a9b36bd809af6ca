import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { find } from "./find-program.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

/** Why C cannot be compiled here, or `null`. */
export function missingCompiler() {
  return compiler() === null ? "no C compiler here (gcc or cc)" : null;
}

/** Compiles a C file, unless that was done before, and gives the program's path. */
export function compile(source) {
  const program = join(DIST, basename(source, ".c"));
  if (isNewer(program, dirname(source))) return program;
  mkdirSync(DIST, { recursive: true });
  // Into place in one step: two runs at once must not start half a program.
  const draft = `${program}.${process.pid}`;
  execFileSync(compiler(), ["-O2", "-Wall", "-Wextra", "-o", draft, source], { stdio: "inherit" });
  renameSync(draft, program);
  return program;
}

function compiler() {
  return find("gcc") ?? find("cc");
}

// Of the folder's files too: a header may have changed.
function isNewer(program, folder) {
  if (!existsSync(program)) return false;
  const files = execFileSync("find", [folder, "-newer", program, "-name", "*.[ch]"]);
  return statSync(program).size > 0 && files.length === 0;
}
