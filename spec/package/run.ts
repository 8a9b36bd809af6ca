import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * Runs a program to its end and gives what it printed. Rejects with all its output if it fails.
 *
 * @param env what is added to the environment of this process
 */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const options = { cwd, timeout: 110_000, env: { ...process.env, ...env } };
    const { stdout } = await execute(program, args, options);
    return stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string };
    throw new Error([message, stdout, stderr].join("\n"), { cause: error });
  }
}
