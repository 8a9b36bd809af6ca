import { setImmediate as nextTick } from "node:timers/promises";
import { Random } from "../model/random.js";
import { ReturningReader } from "../support/returning-reader.js";
import { until } from "../support/shop.js";
import { TokenShop, tokenOf, userOf, type TokenShopOptions } from "../support/token-shop.js";

// Above what the kernel takes for a peer that does not read.
const BIG_EVENTS = 24;
const BIG = "x".repeat(262_144);
const GONE = "token=; Max-Age=0";

interface User {
  readonly login: string;
  readonly profile: string;
}

/** A browser whose cookie is what the last response made of it. */
class Browser {
  readonly user: User;
  readonly #node: TokenShop;
  #token: string | undefined;

  /** @param node answers what changes its cookie */
  constructor(user: User, node: TokenShop) {
    this.user = user;
    this.#node = node;
    this.#token = tokenOf(user);
  }

  get cookie(): string | undefined {
    return this.#token === undefined ? undefined : `token=${this.#token}`;
  }

  async logOut(): Promise<void> {
    await this.#node.set(this.#token ?? null, GONE);
    this.#token = undefined;
  }

  /** Is given another value, for this user. */
  async becomes(user: User): Promise<void> {
    const next = tokenOf(user);
    await this.#node.set(this.#token ?? null, `token=${next}`);
    this.#token = next;
  }
}

/** One administrator, who is none any more before the trial is over. */
interface Trial {
  readonly random: Random;
  /** Where its streams are. What changes its cookie, and what is sent, may be on other nodes. */
  readonly shop: TokenShop;
  readonly browser: Browser;
  /** Sends what everybody may see. */
  mark(name: string): Promise<void>;
  /** Sends what administrators may see. */
  send(what: "secret" | "allowed"): Promise<void>;
}

type Run = (trial: Trial) => Promise<[reader: ReturningReader, marks: string[]]>;

/** A trial by name: it gives its reader, and the marks that must have arrived. */
export const CREDENTIAL_TRIALS: Readonly<Record<string, Run>> = {
  "logout-then-broadcast": (trial) => changeThenBroadcast(trial, () => trial.browser.logOut()),

  "demote-then-broadcast": (trial) =>
    changeThenBroadcast(trial, () => trial.browser.becomes(viewerOf(trial))),

  "join-versus-logout": (trial) => joinVersus(trial, () => trial.browser.logOut()),

  "join-versus-demote": (trial) => joinVersus(trial, () => trial.browser.becomes(viewerOf(trial))),

  "away-then-logout": async (trial) => {
    const reader = await open(trial);
    await trial.mark("here");
    await reader.has("mark", markOf(trial, "here"));
    const comeBack = reader.goAway();
    await trial.mark("away");
    await trial.browser.logOut();
    await trial.send("secret");
    await trial.mark("end");
    comeBack();
    return [reader, ["here", "away", "end"]];
  },

  "behind-then-logout": async (trial) => {
    const { hub } = trial.shop;
    const { login, profile } = trial.browser.user;
    const reader = await open(trial);
    const stream = reader.pause();
    for (let count = 0; count < BIG_EVENTS; count += 1) {
      await hub.broadcast("big", BIG, count % 2 === 0 ? { login } : { login, profile });
    }
    const isBehind = () => hub.connections({ login }).some((one) => !one.send("probe", ""));
    await until(isBehind, "it is behind");
    await trial.mark("stalled");
    await trial.browser.logOut();
    await trial.send("secret");
    await trial.mark("end");
    stream?.resume();
    return [reader, ["stalled", "end"]];
  },

  "rolling under load": async (trial) => {
    const { browser, random } = trial;
    const reader = await open(trial);
    const marks: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const rolled = browser.becomes(browser.user);
      for (let hop = random.below(12); hop > 0; hop -= 1) await nextTick();
      await Promise.all([trial.mark(String(count)), trial.send("allowed"), rolled]);
      marks.push(String(count));
    }
    await trial.mark("rolled");
    await reader.has("mark", markOf(trial, "rolled"));
    if (reader.streams.length !== 1) throw new Error("It had to return.");
    if (reader.dataOf("allowed").length !== 6) throw new Error("It has missed what it may see.");
    await browser.logOut();
    await trial.send("secret");
    await trial.mark("end");
    return [reader, [...marks, "rolled", "end"]];
  },
};

/** Runs a trial so many times, some of them at once. Gives what went wrong. */
export async function runCredentialTrials(
  name: string,
  nodes: readonly TokenShop[],
  { count, atOnce }: { count: number; atOnce: number },
): Promise<string[]> {
  const run = CREDENTIAL_TRIALS[name];
  if (run === undefined) throw new Error(`There is no trial ${name}.`);
  const wrong: string[] = [];
  let seed = 0;
  const worker = async () => {
    while (seed < count) wrong.push(...(await runTrial(run, nodes, ++seed)));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return wrong;
}

/** Opens the application of the trials. Who a user is, is known after a while, and cookies are slow. */
export function openTrialShop(options: TokenShopOptions = {}): Promise<TokenShop> {
  const random = new Random(7);
  const hops = async () => {
    for (let hop = random.below(6); hop > 0; hop -= 1) await nextTick();
  };
  return TokenShop.open({
    ...options,
    hub: { maxBufferedBytes: 1_024, ...options.hub },
    sse: { user: (req) => hops().then(() => userOf(req)) },
    before: (app) => {
      app.use((_req, _res, next) => {
        void hops().then(() => {
          next();
        });
      });
    },
  });
}

async function runTrial(run: Run, nodes: readonly TokenShop[], seed: number): Promise<string[]> {
  const [shop, changing, sending] = [0, 1, 2].map((n) => nodes[(seed + n) % nodes.length]) as Three;
  const user = { login: `admin${seed}`, profile: "Administrator" };
  const browser = new Browser(user, changing);
  const trial: Trial = {
    random: new Random(seed),
    shop,
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

type Three = [TokenShop, TokenShop, TokenShop];

function open({ shop, browser }: Trial): Promise<ReturningReader> {
  return ReturningReader.open(shop.url, "/events", browser);
}

function viewerOf({ browser }: Trial): User {
  return { ...browser.user, profile: "Viewer" };
}

async function changeThenBroadcast(trial: Trial, change: () => Promise<void>): ReturnType<Run> {
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

async function joinVersus(trial: Trial, change: () => Promise<void>): ReturnType<Run> {
  const hops = trial.random.below(12);
  const changed = change();
  for (let hop = 0; hop < hops; hop += 1) await nextTick();
  const reader = ReturningReader.visit(trial.shop.url, "/events", trial.browser);
  await changed;
  await trial.send("secret");
  await reader.isOpen();
  await trial.mark("end");
  return [reader, ["end"]];
}

function markOf({ browser }: Pick<Trial, "browser">, name: string): string {
  return `${browser.user.login} ${name}`;
}
