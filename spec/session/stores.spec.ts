import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connectPgSimple from "connect-pg-simple";
import session, { MemoryStore, Store, type SessionData } from "express-session";
import createMemoryStore from "memorystore";
import createFileStore from "session-file-store";
import { onTestEnd } from "../support/disposers.js";
import { describeWithPostgres } from "../support/postgres.js";
import { isWrong, openTrialShop, runTrials, TRIALS } from "./trials.js";

const COUNT = 100;
const MINUTES = 3 * 60_000;

/** What express-session requires of a store, and nothing else. */
class PlainStore extends Store {
  readonly #sessions = new Map<string, string>();

  get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const json = this.#sessions.get(id);
    setImmediate(done, null, json === undefined ? null : (JSON.parse(json) as SessionData));
  }

  set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#sessions.set(id, JSON.stringify(data));
    if (done !== undefined) setImmediate(done);
  }

  destroy(id: string, done?: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    if (done !== undefined) setImmediate(done);
  }
}

function inFiles(): Store {
  const path = mkdtempSync(join(tmpdir(), "sessions-"));
  onTestEnd(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return new (createFileStore(session))({ path, logFn: () => undefined, reapInterval: -1 });
}

const STORES: Array<[string, () => Store]> = [
  ["MemoryStore", () => new MemoryStore()],
  ["memorystore", () => new (createMemoryStore(session))({ checkPeriod: 86_400_000 })],
  ["session-file-store", inFiles],
  ["a store with get, set and destroy only", () => new PlainStore()],
];

describe.each(STORES)("an administrator who is none any more, with %s", (_name, create) => {
  itHolds(create);
});

describeWithPostgres(
  "an administrator who is none any more, with connect-pg-simple",
  (serverOf) => {
    itHolds(() => {
      const PgStore = connectPgSimple(session);
      return new PgStore({
        pool: serverOf().pool(),
        createTableIfMissing: true,
        pruneSessionInterval: false,
      });
    });
  },
);

function itHolds(create: () => Store): void {
  // Those with readers that are behind take long, and are of no store: leaks.spec.ts runs them.
  it.each(Object.keys(TRIALS).filter((name) => !name.startsWith("behind")))(
    "is told nothing that is sent from then on, and all that is for everybody: %s",
    async (name) => {
      const shop = await openTrialShop(create());

      const outcomes = await runTrials(name, [shop], { count: COUNT, atOnce: 4, seed: 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(COUNT);
    },
    MINUTES,
  );
}
