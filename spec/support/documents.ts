import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

const ROOT = join(__dirname, "../..");
// Made by tools, or not ours.
const SKIPPED = new Set([".git", "coverage", "dist", "docs", "node_modules"]);

/** All Markdown files of the repository, from its top, sorted. */
export function documents(): string[] {
  return filesIn(ROOT)
    .filter((file) => file.endsWith(".md"))
    .map((file) => relative(ROOT, file).split(sep).join("/"))
    .sort();
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesIn(path);
    return [path];
  });
}
