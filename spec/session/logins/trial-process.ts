import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestEnd } from "../../support/disposers.js";

/** How often each trial runs. */
export const TRIALS = Number(process.env.TRIALS ?? 60);

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
  const settings = nodes === null ? [] : [String(nodes.count), nodes.redisUrl];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "spec/session/logins/program.ts", login, String(TRIALS), ...settings],
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
