import { setImmediate as nextTick } from "node:timers/promises";
import { Random } from "../model/random.js";
import { ReturningReader } from "../support/returning-reader.js";
import { until } from "../support/until.js";
import { Browser } from "./logins/browser.js";
import type { Login, LoginNode } from "./logins/login.js";

// Above what the kernel takes for a peer that does not read.
const BIG_EVENTS = 24;
const BIG = "x".repeat(262_144);
const ROUNDS = 6;

/** One administrator, who is none any more before the trial is over. */
interface Trial {
  readonly random: Random;
  readonly login: Login;
  /** Where its streams are. What changes its cookie, and what is sent, may be on other nodes. */
  readonly node: LoginNode;
  readonly browser: Browser;
  /** Sends what everybody may see. */
  mark(name: string): Promise<void>;
  /** Sends what administrators may see. */
  send(what: "secret" | "allowed"): Promise<void>;
}

type Change = "logOut" | "demote" | "demoteElsewhere";
type Run = (trial: Trial) => Promise<[reader: ReturningReader, marks: string[]]>;

interface Kind {
  /** What the login must be able to do. */
  readonly needs: ReadonlyArray<Change | "roll" | "revoke">;
  readonly run: Run;
}

/** A trial by name: it gives its reader, and the marks that must have arrived. */
export const LOGIN_TRIALS: Readonly<Record<string, Kind>> = {
  "logout-then-broadcast": changing("logOut", changeThenBroadcast),
  "demote-then-broadcast": changing("demote", changeThenBroadcast),
  "demote-in-a-table-then-broadcast": changing("demoteElsewhere", changeThenBroadcast),
  "join-versus-logout": changing("logOut", joinVersus),
  "join-versus-demote": changing("demote", joinVersus),
  "join-versus-demote-in-a-table": changing("demoteElsewhere", joinVersus),
  "away-then-logout": changing("logOut", away),
  "away-then-demote": changing("demote", away),
  "away-then-demote-in-a-table": changing("demoteElsewhere", away),
  "behind-then-logout": changing("logOut", behind),
  "rolling under load": { needs: ["roll", "logOut"], run: rolling },
  "revoked elsewhere, found by verify": { needs: ["revoke"], run: revoked },
};

/** The trials that a login has what it takes for. */
export function trialsOf(login: Login): string[] {
  return Object.entries(LOGIN_TRIALS)
    .filter(([, { needs }]) => needs.every((step) => login[step] !== undefined))
    .map(([name]) => name);
}

/** Runs a trial so many times, some of them at once. Gives what went wrong. */
export async function runLoginTrials(
  name: string,
  { login, nodes }: { login: Login; nodes: readonly LoginNode[] },
  count: number,
): Promise<string[]> {
  const kind = LOGIN_TRIALS[name];
  if (kind === undefined) throw new Error(`There is no trial ${name}.`);
  const wrong: string[] = [];
  let seed = 0;
  const worker = async () => {
    while (seed < count) wrong.push(...(await runTrial(kind.run, { login, nodes }, ++seed)));
  };
  await Promise.all(Array.from({ length: atOnce(name, count) }, worker));
  return wrong;
}

function atOnce(name: string, count: number): number {
  // Each that is behind has a few megabytes in the kernel, and in this process.
  if (name.startsWith("behind")) return 2;
  // They wait for the same second.
  return name.startsWith("revoked") ? count : 8;
}

async function runTrial(
  run: Run,
  { login, nodes }: { login: Login; nodes: readonly LoginNode[] },
  seed: number,
): Promise<string[]> {
  const random = new Random(seed);
  const [node, sending] = [0, 1].map((n) => nodes[(seed + n) % nodes.length]) as Two;
  const user = { login: `admin${seed}`, profile: "Administrator" };
  const browser = new Browser(user, () => random.pick(nodes));
  await login.signIn(browser);
  const trial: Trial = {
    random,
    login,
    node,
    browser,
    mark: async (name) => {
      await sending.hub.broadcast("mark", markOf({ browser }, name));
    },
    send: async (what) => {
      await sending.hub.broadcast(what, user.login, { ...user });
    },
  };
  const [reader, expected] = await run(trial);
  await reader.has("mark", markOf(trial, "end"));
  reader.leave();
  const marks = reader.dataOf("mark").filter((data) => data.startsWith(`${user.login} `));
  const leaked = reader.dataOf("secret").includes(user.login);
  const isWhole = marks.join() === expected.map((mark) => markOf(trial, mark)).join();
  return [...(leaked ? [`leak ${seed}`] : []), ...(isWhole ? [] : [`${seed}: ${marks.join()}`])];
}

type Two = [LoginNode, LoginNode];

function changing(
  step: Change,
  run: (trial: Trial, change: () => Promise<unknown>) => ReturnType<Run>,
): Kind {
  return {
    needs: [step],
    run: (trial) => run(trial, () => Promise.resolve(trial.login[step]?.(trial.browser))),
  };
}

async function changeThenBroadcast(trial: Trial, change: () => Promise<unknown>): ReturnType<Run> {
  const reader = await open(trial);
  await trial.mark("before");
  const changed = change();
  for (let hop = trial.random.below(12); hop > 0; hop -= 1) await nextTick();
  await trial.mark("meanwhile");
  await changed;
  await trial.send("secret");
  await trial.mark("end");
  return [reader, ["before", "meanwhile", "end"]];
}

async function joinVersus(trial: Trial, change: () => Promise<unknown>): ReturnType<Run> {
  const hops = trial.random.below(12);
  const changed = change();
  for (let hop = 0; hop < hops; hop += 1) await nextTick();
  const reader = ReturningReader.visit(trial.node.url, "/events", trial.browser);
  await changed;
  await trial.send("secret");
  await reader.isOpen();
  await trial.mark("end");
  return [reader, ["end"]];
}

async function away(trial: Trial, change: () => Promise<unknown>): ReturnType<Run> {
  const reader = await open(trial);
  await trial.mark("here");
  await reader.has("mark", markOf(trial, "here"));
  const comeBack = reader.goAway();
  await trial.mark("away");
  await change();
  await trial.send("secret");
  await trial.mark("end");
  comeBack();
  return [reader, ["here", "away", "end"]];
}

async function behind(trial: Trial, change: () => Promise<unknown>): ReturnType<Run> {
  const { hub } = trial.node;
  const { login, profile } = trial.browser.user;
  const reader = await open(trial);
  const stream = reader.pause();
  for (let count = 0; count < BIG_EVENTS; count += 1) {
    await hub.broadcast("big", BIG, count % 2 === 0 ? { login } : { login, profile });
  }
  const isBehind = () => hub.connections({ login }).some((one) => !one.send("probe", ""));
  await until(isBehind, "it is behind");
  await trial.mark("stalled");
  await change();
  await trial.send("secret");
  await trial.mark("end");
  stream?.resume();
  return [reader, ["stalled", "end"]];
}

async function rolling(trial: Trial): ReturnType<Run> {
  const { random, login, browser } = trial;
  const reader = await open(trial);
  const marks: string[] = [];
  for (let count = 0; count < ROUNDS; count += 1) {
    // Several at once, as a page does that loads.
    const rolled = Array.from({ length: 1 + random.below(3) }, () => login.roll?.(browser));
    for (let hop = random.below(12); hop > 0; hop -= 1) await nextTick();
    await Promise.all([trial.mark(String(count)), trial.send("allowed"), ...rolled]);
    marks.push(String(count));
  }
  await trial.mark("rolled");
  await reader.has("mark", markOf(trial, "rolled"));
  if (reader.streams.length !== 1) throw new Error("It had to return.");
  if (reader.dataOf("allowed").length !== ROUNDS) throw new Error("It misses what it may see.");
  await login.logOut(browser);
  await trial.send("secret");
  await trial.mark("end");
  return [reader, [...marks, "rolled", "end"]];
}

// Nobody tells: the bound is `revalidateMs`, after which no stream is open under the credential.
async function revoked(trial: Trial): ReturnType<Run> {
  const { login, profile } = trial.browser.user;
  const reader = await open(trial);
  await trial.mark("before");
  await trial.login.revoke?.(trial.browser);
  const isOver = () => trial.node.hub.connections({ login, profile }).length === 0;
  await until(isOver, "its streams have ended");
  await trial.send("secret");
  await trial.mark("end");
  return [reader, ["before", "end"]];
}

function open({ node, browser }: Trial): Promise<ReturningReader> {
  return ReturningReader.open(node.url, "/events", browser);
}

function markOf({ browser }: Pick<Trial, "browser">, name: string): string {
  return `${browser.user.login} ${name}`;
}
