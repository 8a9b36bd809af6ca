import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const POSTGRES = "/usr/lib/postgresql";
// Debian keeps servers where the path of a plain user does not look.
const FOLDERS = [
  ...(process.env.PATH ?? "").split(delimiter),
  ...["/usr/sbin", "/usr/local/sbin"],
  ...(existsSync(POSTGRES) ? readdirSync(POSTGRES) : []).map((one) => join(POSTGRES, one, "bin")),
];
// Others are in a package of their own name.
const PACKAGES: Readonly<Record<string, string>> = { postgres: "postgresql", initdb: "postgresql" };

/**
 * Finds programs by their names.
 *
 * @throws Error saying which are missing, and how they are installed
 */
export function findPrograms<Name extends string>(...names: Name[]): Record<Name, string> {
  const found = names.map((name) => [name, find(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const packages = new Set(missing.map((name) => PACKAGES[name] ?? name));
    throw new Error(
      `Not found here: ${missing.join(" and ")}. On Debian: apt-get install ${[...packages].join(" ")}`,
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
