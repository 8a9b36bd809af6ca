import { existsSync } from "node:fs";

interface Lack {
  readonly missing: readonly string[];
  readonly command: string;
}

/**
 * A `describe` whose specs start these programs. On a machine without one of them they are skipped, and
 * a line says so; where `CI` is `true` they fail instead, so that nobody takes a gap for a pass.
 *
 * @param programs paths, each ending in the name of Debian's package
 */
export function describeWith(programs: readonly string[], name: string, specs: () => void): void {
  if (process.env.CI === "true") describe(name, specs);
  else describeWhereInstalled(programs, name, specs);
}

/** The same for programs that CI does not have either: the line there says what was not tried. */
export function describeWhereInstalled(
  programs: readonly string[],
  name: string,
  specs: () => void,
): void {
  const missing = programs.filter((program) => !existsSync(program));
  const packages = missing.map((program) => program.split("/").at(-1)).join(" ");
  describeUnless({ missing, command: `apt-get install ${packages}` }, name, specs);
}

/**
 * A {@link describeWith} for what npm installs.
 *
 * @param lack what is missing, and the command that installs it
 */
export function describeWithInstalled(lack: Lack, name: string, specs: () => void): void {
  if (process.env.CI === "true") describe(name, specs);
  else describeUnless(lack, name, specs);
}

function describeUnless({ missing, command }: Lack, name: string, specs: () => void): void {
  if (missing.length === 0) {
    describe(name, specs);
    return;
  }
  process.stderr.write(`Skipped without ${missing.join(", ")} (${command}): ${name}\n`);
  describe.skip(name, specs);
}
