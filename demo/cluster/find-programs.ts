import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

// Debian keeps servers where the path of a plain user does not look.
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/**
 * Finds programs by their names, each the name of Debian's package too.
 *
 * @throws Error saying which are missing, and how they are installed
 */
export function findPrograms<Name extends string>(...names: Name[]): Record<Name, string> {
  const found = names.map((name) => [name, find(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw new Error(
      `Not found here: ${missing.join(" and ")}. On Debian: apt-get install ${missing.join(" ")}`,
    );
  }
  return Object.fromEntries(found) as Record<Name, string>;
}

function find(name: string): string | undefined {
  return FOLDERS.filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
