import { readFile, writeFile } from "node:fs/promises";

/** Writes a file unless it already has this content: a compiler that reads it at this moment must not find it empty. */
export async function writeIfChanged(file, text) {
  const before = await readFile(file, "utf8").catch(() => null);
  if (before !== text) await writeFile(file, text);
}
