import assert from "node:assert/strict";
import type { EventLog } from "../log/event-log.js";
import {
  all,
  allPlain,
  append,
  appendAll,
  draft,
  idleFollower,
  numbers,
  plain,
  retainedTexts,
  clearingDraft,
  textOf,
} from "./contract-entries.js";
import { contractTest, type LogPromise } from "./log-promise.js";

/**
 * The tests that a log of several nodes must pass besides {@link LOG_CONTRACT}. Each call of `createLog` in one `run`
 * must return another node of the same log.
 *
 * @example
 * for (const { name, run } of SHARED_LOG_CONTRACT) {
 *   it(name, () => {
 *     const shared = randomUUID(); // the log; its nodes share the name
 *     return run((bounds) => yourLog({ url, name: shared, ...bounds }));
 *   });
 * }
 */
export const SHARED_LOG_CONTRACT: readonly LogPromise[] = [
  contractTest("gives each node the same entries, with the same ids", 100, async (log, another) => {
    const other = await another();
    assert.equal(other.epoch, log.epoch);
    const ids = [
      await log.append(draft("a")),
      await other.append(draft("b")),
      await log.append({ ...draft("c"), isVolatile: true }),
    ];
    await Promise.all([log.catchUp(), other.catchUp()]);
    assert.deepEqual(await allPlain(log), await allPlain(other));
    assert.deepEqual((await all(log)).map(textOf), ["a", "b", "c"]);
    assert.deepEqual(
      (await all(log)).map(({ position }) => `${log.epoch}.${position}`),
      ids,
    );
  }),
  contractTest("has read the entries of other nodes after catchUp", 100, async (log, another) => {
    const other = await another();
    for (const text of numbers(20).map(String)) {
      const position = await append(other, draft(text));
      await log.catchUp();
      assert.equal(log.head, position);
    }
  }),
  contractTest("sends a message to the other nodes, in order", 100, async (log, another) => {
    const other = await another();
    const heard: unknown[] = [];
    log.follow({ ...idleFollower, onNotice: (notice) => heard.push([notice, log.head]) });
    const own: unknown[] = [];
    other.follow({ ...idleFollower, onNotice: (notice) => own.push(notice) });
    const before = await append(other, draft("a"));
    await Promise.all([
      other.tell({ n: 1 }),
      other.tell({ n: 2 }),
      other.append(draft("b")),
      other.append(draft("c")),
    ]);
    await log.catchUp();
    const places = [
      [{ n: 1 }, before],
      [{ n: 2 }, before],
    ];
    assert.deepEqual(heard, places);
    assert.deepEqual((await all(log)).map(textOf), ["a", "b", "c"]);
    assert.deepEqual(own, []);
  }),
  contractTest("asks the followers of every node", 10, async (log, another) => {
    const logs = [log, await another(), await another()];
    for (const [n, one] of logs.entries()) {
      one.follow({ ...idleFollower, onQuestion: ({ plus }) => n + Number(plus) });
    }
    const answers = await Promise.all(logs.map((one, plus) => one.ask({ plus })));
    assert.deepEqual(
      answers.map((some) => some.map(Number).sort()),
      [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
      ],
    );
    await logs[2]?.close();
    assert.deepEqual((await log.ask({ plus: 0 })).map(Number).sort(), [0, 1]);
  }),
  contractTest(
    "gives a node that starts later the entries of before",
    100,
    async (log, another) => {
      await log.append({ ...draft("old"), retainKey: "a" });
      await log.append({ ...draft("new"), retainKey: "a" });
      const positions = await appendAll(log, numbers(90).map(String));
      await log.tell({ n: 1 });
      const other = await another();
      assert.equal(other.head, positions.at(-1));
      assert.equal(other.trimmed, 0);
      assert.deepEqual([...other.retained].map(textOf), ["new"]);
      const page = await other.read(positions[80] ?? 0, 100_000);
      assert.deepEqual(
        page.entries.map(textOf),
        numbers(9).map((n) => String(n + 81)),
      );
      assert.deepEqual(await allPlain(other), await allPlain(log));
    },
  ),
  contractTest(
    "forgets a key on every node, also on one that comes later",
    100,
    async (log, another) => {
      const other = await another();
      await log.append({ ...draft("a"), retainKey: "a" });
      await log.append({ ...draft("b"), retainKey: "b" });
      await log.append({ ...draft("c"), retainKey: "c", retainMs: 20 });
      await log.append({ ...draft("d"), retainKey: "d", retainMs: 3_600_000 });
      await other.append(clearingDraft("a"));
      await log.catchUp();
      const kept = ["b", "d"];
      assert.deepEqual(await retainedTexts(log, kept), kept);
      for (const node of [other, await another()]) {
        await node.catchUp();
        assert.deepEqual(await retainedTexts(node, kept), kept);
      }
    },
  ),
  contractTest(
    "loses and repeats nothing when nodes append at the same time",
    2_000,
    async (log, another) => {
      const logs = [log, await another(), await another()];
      const texts = numbers(999).map(String);
      const ids = await Promise.all(
        texts.map(async (text, n) => (logs[n % 3] as EventLog).append(draft(text))),
      );
      await Promise.all(logs.map((one) => one.catchUp()));
      const [first, ...others] = await Promise.all(logs.map((one) => all(one)));
      for (const entries of others) assert.deepEqual(entries.map(plain), first?.map(plain));
      const found = new Map(first?.map((entry) => [textOf(entry), entry.position]));
      assert.equal(first?.length, texts.length);
      assert.deepEqual(
        texts.map((text) => `${log.epoch}.${found.get(text)}`),
        ids,
      );
    },
  ),
];
