import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestEnd } from "./disposers.js";

const ROOT = join(__dirname, "../..");
const execute = promisify(execFile);

/** Makes a folder with these files, in which our packages can be imported, until the end of the test. */
export async function sampleFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sse-guide-"));
  onTestEnd(() => rm(folder, { recursive: true }));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await mkdir(join(folder, "public"));
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)),
  );
  return folder;
}

/** Runs a program of such a folder to its end. Gives what it printed, and rejects with that if it fails. */
export async function finishSample(folder: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") };
  const command = ["--import", "tsx", ...args];
  try {
    return (await execute(process.execPath, command, { cwd: folder, env })).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}

/** Runs a program of such a folder until the end of the test. Resolves when it says something. */
export async function runSample(
  folder: string,
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    cwd: folder,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json"), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  onTestEnd(kill);
  const hasExited = async () => {
    await exit;
    throw new Error(`${program} of a guide did not start.`);
  };
  await Promise.race([once(child.stdout, "data"), hasExited()]);
  return { kill };
}
