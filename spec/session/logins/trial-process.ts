import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestEnd } from "../../support/disposers.js";

const { TRIALS } = process.env;

/** How often each trial runs on one node, and on several. */
export const TRIALS_OF_ONE = Number(TRIALS ?? 60);
export const TRIALS_OF_SEVERAL = Number(TRIALS ?? 30);

/** What went wrong, by the kind of trial. */
export type Outcomes = Record<string, string[]>;

/**
 * Runs all trials of a login, in a process of their own.
 *
 * @param nodes how many there are, with their log in the Redis at the URL
 */
export async function runTrialsOf(
  login: string,
  nodes: { readonly count: number; readonly redisUrl: string } | null = null,
): Promise<Outcomes> {
  const count = nodes === null ? TRIALS_OF_ONE : TRIALS_OF_SEVERAL;
  const settings = nodes === null ? [] : [String(nodes.count), nodes.redisUrl];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "spec/session/logins/program.ts", login, String(count), ...settings],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  onTestEnd(() => child.kill("SIGKILL"));
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The trials of ${login} have failed: ${complaints}`);
  const lines = output.trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const { kind, wrong } = JSON.parse(line) as { kind: string; wrong: string[] };
      return [kind, wrong];
    }),
  );
}
