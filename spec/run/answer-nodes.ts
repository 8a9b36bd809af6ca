import { createClient } from "redis";
import type { EventLog, Run, RunOptions, RunSource } from "express-sse-hub";
import * as postgres from "express-sse-hub/postgres";
import * as redis from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import type { StreamReader } from "../support/open-stream.js";
import type { PostgresServer } from "../support/postgres.js";
import { Shop, until } from "../support/shop.js";
import { answerRoutes, FOR_ALICE, type Script } from "./answers.js";

/** Options of a log, which also go to another process. */
export interface StoreOptions {
  readonly name: string;
  readonly url?: string;
  readonly connectionString?: string;
}

/** A shared log that keeps runs. */
export interface RunsStore {
  /** The entry of the package with its log and its publisher. */
  readonly module: string;
  /** What makes a log of its own. */
  prepare(name: string): Promise<StoreOptions>;
  createLog(options: StoreOptions): EventLog;
  publisher(options: StoreOptions): redis.Publisher;
  /** As if the lease of the run `a` had not been renewed in time. */
  letLeaseRunOut(options: StoreOptions): Promise<unknown>;
}

export interface Node {
  readonly options: StoreOptions;
  readonly shop: Shop;
  readonly runs: Run[];
  readonly alice: string;
  readonly bob: string;
  /** A process without streams that shares the log. */
  publisher(): redis.Publisher;
}

let names = 0;

export function redisStore(url: string): RunsStore {
  return {
    module: "express-sse-hub/redis",
    prepare: (name) => Promise.resolve({ url, name }),
    createLog: (options) => closing(redis.redisLog(options)),
    publisher: (options) => closing(redis.publisher(options)),
    letLeaseRunOut: async ({ name }) => {
      const client = createClient({ url });
      await client.connect();
      await client.hSet(`{${name}}:run:a`, "lease", "1");
      client.destroy();
    },
  };
}

export function postgresStore(server: PostgresServer): RunsStore {
  const connectionString = server.url;
  return {
    module: "express-sse-hub/postgres",
    prepare: async (name) => {
      await postgres.migrate({ connectionString, name });
      return { connectionString, name };
    },
    createLog: (options) => closing(postgres.postgresLog(options)),
    publisher: (options) => closing(postgres.publisher(options)),
    letLeaseRunOut: ({ name }) => server.sql(`UPDATE "${name}_runs" SET lease = 1 WHERE id = 'a'`),
  };
}

/** Two nodes of one application, the first of which is asked for answers. */
export async function openNodes(
  store: RunsStore,
  source: RunSource,
  runOptions: RunOptions = FOR_ALICE,
): Promise<[Node, Node]> {
  const options = await store.prepare(`runs${process.pid}_${(names += 1)}`);
  const open = async (): Promise<Node> => {
    const runs: Run[] = [];
    const shop = await Shop.open({
      hub: { retryMs: 10, log: store.createLog(options) },
      routes: (app, hub) => {
        const beginRun = (id: string) => {
          const run = hub.run(id, source, runOptions);
          runs.push(run);
          return run;
        };
        answerRoutes(app, hub, beginRun);
      },
    });
    shop.hub.on("error", () => undefined);
    const alice = await shop.signIn({ name: "alice" });
    const bob = await shop.signIn({ name: "bob" });
    return { options, shop, runs, alice, bob, publisher: () => store.publisher(options) };
  };
  return [await open(), await open()];
}

export function begin({ shop, alice }: Node, id = "a"): Promise<StreamReader> {
  return shop.stream(`/answers/${id}`, { method: "POST", cookie: alice });
}

export function follow(
  { shop, alice }: Node,
  id = "a",
  lastEventId?: string,
): Promise<StreamReader> {
  return shop.stream(`/answers/${id}`, { cookie: alice, lastEventId });
}

export async function whenBegun(script: Script): Promise<void> {
  await until(() => script.tools !== undefined, "the run has begun");
}

export function idsOf(stream: StreamReader): Array<string | undefined> {
  return stream.all.filter(({ event }) => event === "token").map(({ id }) => id);
}

export function wordsIn(stream: StreamReader): string[] {
  return stream.all.filter(({ event }) => event === "token").map(({ data }) => data);
}

function closing<T extends { close(): Promise<void> }>(it: T): T {
  onTestEnd(() => it.close());
  return it;
}
