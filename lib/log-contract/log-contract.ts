import assert from "node:assert/strict";
import {
  all,
  append,
  appendAll,
  draft,
  idleFollower,
  numbers,
  retainedTexts,
  clearingDraft,
  textOf,
} from "./contract-entries.js";
import { contractTest, type LogPromise } from "./log-promise.js";

/**
 * The tests that every `EventLog` must pass, for any test runner. Each test makes a log, checks one promise, closes the
 * log, and throws an AssertionError if the promise is broken.
 *
 * A log that several nodes share must pass {@link SHARED_LOG_CONTRACT} as well.
 *
 * @example
 * import { it } from "node:test"; // jest, vitest and mocha have it as a global, or export it
 * import { LOG_CONTRACT } from "express-sse-hub/log-contract";
 * import { yourLog } from "../lib/your-log.js";
 *
 * for (const { name, run } of LOG_CONTRACT) it(name, () => run((bounds) => yourLog(bounds)));
 *
 * @example
 * // A log in a database: make a new one each time, and wait until it is reached.
 * run(async (bounds) => {
 *   const log = yourLog({ url, name: randomUUID(), ...bounds });
 *   await log.catchUp();
 *   return log;
 * });
 */
export const LOG_CONTRACT: readonly LogPromise[] = [
  contractTest("begins empty, with an epoch that may go into an id", 10, async (log) => {
    assert.match(log.epoch, /^[A-Za-z0-9_-]{1,32}$/);
    assert.deepEqual([log.head, log.trimmed, await all(log)], [0, 0, []]);
  }),
  contractTest("has another epoch each time it is created", 10, async (log, another) => {
    assert.notEqual(log.epoch, (await another()).epoch);
  }),
  contractTest(
    "resolves append with a position above all before, in the order of the calls",
    100,
    async (log) => {
      const positions = await Promise.all(numbers(50).map((n) => append(log, draft(String(n)))));
      assert.deepEqual(
        positions,
        [...positions].sort((a, b) => a - b),
      );
      assert.equal(new Set(positions).size, 50);
      for (const position of positions) {
        assert.ok(Number.isSafeInteger(position) && position > 0, `${position} is no position`);
      }
      await log.catchUp();
      assert.equal(log.head, positions.at(-1));
    },
  ),
  contractTest(
    "gives every entry after a position, in order, with its id in the bytes",
    100,
    async (log) => {
      const positions = await appendAll(log, ["a", "b", "c"]);
      const entries = await all(log);
      assert.deepEqual(
        entries.map(({ position }) => position),
        positions,
      );
      assert.deepEqual(
        entries.map(({ bytes }) => bytes.toString()),
        ["a", "b", "c"].map((text, n) => `id: ${log.epoch}.${positions[n]}\ndata: ${text}\n\n`),
      );
      assert.deepEqual((await all(log, positions[1])).map(textOf), ["c"]);
      assert.deepEqual(await all(log, positions[2]), []);
    },
  ),
  contractTest("keeps the audience as it was given", 10, async (log) => {
    const audience = { rooms: ["red"], filter: { id: { $in: [1, 2] } }, except: "x" };
    await log.append({ ...draft("a"), audience });
    await log.catchUp();
    assert.deepEqual((await all(log))[0]?.audience, audience);
  }),
  contractTest(
    "gives pages of about the bytes asked for, at least one entry, none cut",
    100,
    async (log) => {
      await appendAll(log, numbers(20).map(String));
      const texts: string[] = [];
      for (let after = 0; ;) {
        const { entries, isTrimmed } = await log.read(after, 50);
        assert.equal(isTrimmed, false);
        if (entries.length === 0) break;
        assert.ok(entries.length <= 3, `${entries.length} entries in a page of 50 bytes`);
        for (const entry of entries) texts.push(textOf(entry));
        after = entries.at(-1)?.position ?? 0;
      }
      assert.deepEqual(texts, numbers(20).map(String));
    },
  ),
  contractTest("keeps an event whole that is larger than a page", 10, async (log) => {
    const text = "x".repeat(1_000_000);
    await appendAll(log, [text, "after"]);
    assert.deepEqual((await all(log)).map(textOf), [text, "after"]);
  }),
  contractTest(
    "is bounded, and says that entries are gone instead of returning a part",
    10,
    async (log) => {
      const positions = await appendAll(log, numbers(200).map(String));
      assert.ok(log.trimmed > 0, "nothing has left a log of 10 after 200");
      assert.ok(log.size.entries < 200, `${log.size.entries} are held of 200`);
      assert.deepEqual(await log.read(log.trimmed - 1, 1_000), { entries: [], isTrimmed: true });
      const kept = positions.filter((position) => position > log.trimmed);
      assert.ok(kept.length >= 10, `${kept.length} are kept of at least 10`);
      assert.deepEqual(
        (await all(log, log.trimmed)).map(({ position }) => position),
        kept,
      );
    },
  ),
  contractTest(
    "writes no id for a volatile entry, but keeps its place in the order",
    10,
    async (log) => {
      await log.append(draft("a"));
      await log.append({ ...draft("b"), isVolatile: true });
      await log.append(draft("c"));
      await log.catchUp();
      const entries = await all(log);
      assert.deepEqual(entries.map(textOf), ["a", "b", "c"]);
      assert.deepEqual(
        entries.map(({ isVolatile }) => isVolatile),
        [false, true, false],
      );
      assert.equal(entries[1]?.bytes.toString(), "data: b\n\n");
    },
  ),
  contractTest(
    "keeps the newest entry of each key, in the order of the log, also after it left",
    10,
    async (log) => {
      await log.append({ ...draft("old"), retainKey: "a" });
      await log.append({ ...draft("b"), retainKey: "b" });
      await log.append({ ...draft("new"), retainKey: "a" });
      await appendAll(log, numbers(200).map(String));
      assert.deepEqual([...log.retained].map(textOf), ["b", "new"]);
    },
  ),
  contractTest("forgets a key whose newest entry is for nobody", 10, async (log) => {
    await log.append({ ...draft("a"), retainKey: "a" });
    await log.append({ ...draft("b"), retainKey: "b" });
    await log.append(clearingDraft("a"));
    await log.append(clearingDraft("never set"));
    await log.catchUp();
    assert.deepEqual([...log.retained].map(textOf), ["b"]);
    await log.append({ ...draft("again"), retainKey: "a" });
    await log.catchUp();
    assert.deepEqual([...log.retained].map(textOf), ["b", "again"]);
  }),
  contractTest("forgets an entry of a key when its time is over", 10, async (log) => {
    await log.append({ ...draft("for a moment"), retainKey: "a", retainMs: 20 });
    await log.append({ ...draft("for an hour"), retainKey: "b", retainMs: 3_600_000 });
    await log.append({ ...draft("for ever"), retainKey: "c", retainMs: null });
    await log.catchUp();
    const kept = ["for an hour", "for ever"];
    assert.deepEqual(await retainedTexts(log, kept), kept);
  }),
  contractTest("says which cursors are older than a quarter of its bounds", 40, async (log) => {
    await appendAll(log, numbers(5).map(String));
    assert.equal(log.stale, 0);
    await appendAll(log, numbers(100).map(String));
    const { trimmed, stale, head } = log;
    assert.ok(stale > trimmed && stale < head, `stale ${stale} is not in ${trimmed} to ${head}`);
  }),
  contractTest("tells its followers that the head has moved, until they leave", 10, async (log) => {
    let moves = 0;
    const moved = new Promise<void>((resolve) => {
      const unfollow = log.follow({
        ...idleFollower,
        onMove: () => {
          moves += 1;
          unfollow();
          resolve();
        },
      });
    });
    await log.append(draft("a"));
    await moved;
    await log.append(draft("b"));
    await log.catchUp();
    assert.equal(moves, 1);
  }),
  contractTest("calls each follower when the new entry can be read", 10, async (log) => {
    const heads: number[] = [];
    const told = [1, 2].map(
      () =>
        new Promise<void>((resolve) => {
          const onMove = () => {
            heads.push(log.head);
            resolve();
          };
          log.follow({ ...idleFollower, onMove });
        }),
    );
    const position = await append(log, draft("a"));
    await Promise.all(told);
    assert.deepEqual(heads, [position, position]);
  }),
  contractTest("asks its followers, and returns their answers", 10, async (log) => {
    const questions: unknown[] = [];
    log.follow({
      ...idleFollower,
      onQuestion: (question) => {
        questions.push(question);
        return { n: 2 };
      },
    });
    assert.deepEqual(await log.ask({ kind: "how many" }), [{ n: 2 }]);
    assert.deepEqual(questions, [{ kind: "how many" }]);
  }),
  contractTest("sends messages to other nodes only, and reports its health", 10, async (log) => {
    const notices: unknown[] = [];
    log.follow({ ...idleFollower, onNotice: (notice) => notices.push(notice) });
    await log.tell({ kind: "hello" });
    await log.catchUp();
    assert.deepEqual(notices, []);
    assert.equal(log.health.status, "ok");
    assert.ok(log.health.since <= Date.now(), `${log.health.since} is still to come`);
    assert.notEqual(log.sessionLabel, "");
  }),
  contractTest("closes twice without harm", 10, async (log) => {
    await log.close();
    await log.close();
  }),
];
