import type { Express } from "express";
import { requireUser } from "express-sse-hub";
import type { Store } from "express-session";
import { setImmediate as nextTick } from "node:timers/promises";
import { Random } from "../model/random.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop, until } from "../support/shop.js";

// Above what the kernel takes for a peer that does not read.
const BIG_EVENTS = 24;
const BIG = "x".repeat(262_144);

/** One administrator, who is none any more before the trial is over. */
export interface Trial {
  /** Where its streams are. What it does to its session, and what is sent, may be on other nodes. */
  readonly shop: Shop;
  readonly random: Random;
  readonly user: { readonly login: string; readonly profile: string };
  readonly cookie: string;
  /** Sends what everybody may see. */
  mark(name: string): Promise<void>;
  /** Sends what administrators may see, or those in a room, once this one is none. */
  leak(room?: string): Promise<void>;
  /** Changes or ends the session; resolves with the answer to it. */
  post(path: "/demote" | "/logout"): Promise<void>;
}

/** What is left to look at when a trial is over. */
export interface Outcome {
  /** What arrived although it was sent after the answer. */
  readonly leaked: string[];
  /** What everybody may see, as it arrived. */
  readonly marks: string[];
  /** What everybody may see, as it must arrive. */
  readonly expected: string[];
}

/** True when something arrived that must not, or not all that must. */
export function isWrong({ leaked, marks, expected }: Outcome): boolean {
  return leaked.length > 0 || JSON.stringify(marks) !== JSON.stringify(expected);
}

/** A trial by name: it gives what its reader was told, and the marks it must have. */
export const TRIALS: Record<string, (trial: Trial) => Promise<[ReturningReader, string[]]>> = {
  "demote-then-broadcast": (trial) => changeThenBroadcast(trial, "/demote"),

  "logout-then-broadcast": (trial) => changeThenBroadcast(trial, "/logout"),

  "join-versus-demote": async (trial) => {
    const hops = trial.random.below(12);
    const demoted = trial.post("/demote");
    for (let hop = 0; hop < hops; hop += 1) await nextTick();
    const reader = ReturningReader.visit(trial.shop.url, "/events", trial);
    await demoted;
    await trial.leak();
    await reader.isOpen();
    await trial.mark("end");
    return [reader, ["end"]];
  },

  "away-then-demote": async (trial) => {
    const reader = await ReturningReader.open(trial.shop.url, "/events", trial);
    await trial.mark("here");
    await reader.has("mark", markOf(trial, "here"));
    const comeBack = reader.goAway();
    await trial.mark("away");
    await trial.post("/demote");
    await trial.leak();
    await trial.mark("end");
    comeBack();
    return [reader, ["here", "away", "end"]];
  },

  "behind-then-demote": async (trial) => {
    const { hub, url } = trial.shop;
    const { login, profile } = trial.user;
    const reader = await ReturningReader.open(url, "/events", trial);
    const stream = reader.pause();
    const isBehind = () => hub.connections({ login }).some((one) => !one.send("probe", ""));
    for (let count = 0; count < BIG_EVENTS; count += 1) {
      await hub.broadcast("big", BIG, count % 2 === 0 ? { login } : { login, profile });
    }
    await until(isBehind, "it is behind");
    await trial.mark("stalled");
    await trial.post("/demote");
    await trial.leak();
    await trial.mark("end");
    stream?.resume();
    return [reader, ["stalled", "end"]];
  },

  "room-then-demote": async (trial) => {
    const reader = await ReturningReader.open(trial.shop.url, "/admins", trial);
    await trial.mark("here");
    await reader.has("mark", markOf(trial, "here"));
    await trial.post("/demote");
    await trial.leak("admins");
    await trial.mark("end");
    if ((await reader.stopped) !== 403) throw new Error("The guard has let it in.");
    return [reader, ["here"]];
  },
};

async function changeThenBroadcast(
  trial: Trial,
  path: "/demote" | "/logout",
): Promise<[ReturningReader, string[]]> {
  const reader = await ReturningReader.open(trial.shop.url, "/events", trial);
  await trial.mark("before");
  const changed = trial.post(path);
  for (let hop = trial.random.below(12); hop > 0; hop -= 1) await nextTick();
  await trial.mark("meanwhile");
  await changed;
  await trial.leak();
  await trial.mark("end");
  return [reader, ["before", "meanwhile", "end"]];
}

/** Runs a trial so many times, some of them at once, its parts on different nodes if there are several. */
export async function runTrials(
  name: string,
  nodes: readonly Shop[],
  { count, atOnce, seed }: { count: number; atOnce: number; seed: number },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let index = 0;
  const worker = async () => {
    while (index < count) outcomes.push(await runTrial(name, nodes, seed + ++index));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

async function runTrial(name: string, nodes: readonly Shop[], seed: number): Promise<Outcome> {
  const run = TRIALS[name];
  if (run === undefined) throw new Error(`There is no trial ${name}.`);
  const trial = await createTrial(nodes, seed);
  const [reader, expected] = await run(trial);
  const isStopped = expected.at(-1) !== "end";
  if (!isStopped) await reader.has("mark", markOf(trial, "end"));
  reader.leave();
  return {
    leaked: reader.dataOf("secret").filter((data) => data === trial.user.login),
    marks: reader.dataOf("mark").filter((data) => data.startsWith(`${trial.user.login} `)),
    expected: expected.map((mark) => markOf(trial, mark)),
  };
}

async function createTrial(nodes: readonly Shop[], seed: number): Promise<Trial> {
  const [shop, changing, sending] = [0, 1, 2].map((n) => nodes[(seed + n) % nodes.length]) as Three;
  const user = { login: `admin${seed}`, profile: "Administrator" };
  const cookie = await shop.signIn(user);
  const trial: Trial = {
    shop,
    random: new Random(seed),
    user,
    cookie,
    mark: async (name) => {
      await sending.hub.broadcast("mark", markOf(trial, name));
    },
    leak: async (room) => {
      const to = room === undefined ? sending.hub : sending.hub.to(room);
      if (room === undefined) await to.broadcast("secret", user.login, user);
      else await to.broadcast("secret", user.login);
    },
    post: async (path) => {
      const answer = await fetch(changing.url + path, { method: "POST", headers: { cookie } });
      if (answer.status !== 204) throw new Error(`${path} was answered ${answer.status}.`);
    },
  };
  return trial;
}

type Three = [Shop, Shop, Shop];

function markOf({ user }: Pick<Trial, "user">, name: string): string {
  return `${user.login} ${name}`;
}

/** The application of the trials, on a store. */
export function openTrialShop(store: Store): Promise<Shop> {
  return Shop.open({
    session: { store },
    hub: { maxBufferedBytes: 1_024 },
    routes: trialRoutes,
  });
}

/** What the trials need of an application beside its logins. */
export function trialRoutes(app: Express): void {
  app.post("/demote", (req, res) => {
    const { user } = req.session as unknown as { user: object };
    Object.assign(req.session, { user: { ...user, profile: "Viewer" } });
    res.sendStatus(204);
  });
  app.get("/admins", requireUser({ profile: "Administrator" }), (req) => {
    req.sse.join("admins");
  });
}
