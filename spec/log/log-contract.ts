import assert from "node:assert/strict";
import type { EventLog, LogDraft, LogEntry, LogFollower } from "express-sse-hub";

/** One promise of the log contract. `run` throws where it is broken. */
export interface LogPromise {
  readonly name: string;
  /**
   * @param createLog gives a fresh log that holds this many events, or about this many; for
   * `SHARED_LOG_CONTRACT` each time another node of one fresh log
   */
  run(createLog: (bounds: { maxEvents: number }) => Promise<EventLog> | EventLog): Promise<void>;
}

/**
 * What every log promises, for any test runner: `for (const { name, run } of LOG_CONTRACT) it(name, …)`.
 */
export const LOG_CONTRACT: readonly LogPromise[] = [
  promise("begins empty, with an epoch that may go into an id", 10, async (log) => {
    assert.match(log.epoch, /^[A-Za-z0-9_-]{1,32}$/);
    assert.deepEqual([log.head, log.trimmed, await all(log)], [0, 0, []]);
  }),
  promise("gives each life an epoch of its own", 10, async (log, another) => {
    assert.notEqual(log.epoch, (await another()).epoch);
  }),
  promise(
    "resolves append with a position above all before, in the order of the calls",
    100,
    async (log) => {
      const positions = await Promise.all(numbers(50).map((n) => append(log, draft(String(n)))));
      assert.deepEqual(
        positions,
        [...positions].sort((a, b) => a - b),
      );
      assert.equal(new Set(positions).size, 50);
      assert.ok(positions.every((position) => Number.isSafeInteger(position) && position > 0));
      await log.catchUp();
      assert.equal(log.head, positions.at(-1));
    },
  ),
  promise(
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
  promise("keeps the audience as it was given", 10, async (log) => {
    const audience = { rooms: ["red"], filter: { id: { $in: [1, 2] } }, except: "x" };
    await log.append({ ...draft("a"), audience });
    await log.catchUp();
    assert.deepEqual((await all(log))[0]?.audience, audience);
  }),
  promise(
    "gives pages of about the bytes asked for, at least one entry, none cut",
    100,
    async (log) => {
      await appendAll(log, numbers(20).map(String));
      const texts: string[] = [];
      for (let after = 0; ;) {
        const { entries, isTrimmed } = await log.read(after, 50);
        assert.equal(isTrimmed, false);
        if (entries.length === 0) break;
        assert.ok(entries.length <= 3);
        texts.push(...entries.map(textOf));
        after = entries.at(-1)?.position ?? 0;
      }
      assert.deepEqual(texts, numbers(20).map(String));
    },
  ),
  promise("takes an event above any page whole", 10, async (log) => {
    const text = "x".repeat(1_000_000);
    await appendAll(log, [text, "after"]);
    assert.deepEqual((await all(log)).map(textOf), [text, "after"]);
  }),
  promise(
    "is bounded, and says that entries are gone rather than giving a part",
    10,
    async (log) => {
      const positions = await appendAll(log, numbers(200).map(String));
      assert.ok(log.trimmed > 0);
      assert.ok(log.size.entries < 200);
      assert.deepEqual(await log.read(log.trimmed - 1, 1_000), { entries: [], isTrimmed: true });
      const kept = positions.filter((position) => position > log.trimmed);
      assert.ok(kept.length >= 10);
      assert.deepEqual(
        (await all(log, log.trimmed)).map(({ position }) => position),
        kept,
      );
    },
  ),
  promise(
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
  promise(
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
  promise("says which cursors a quarter of its window has passed", 40, async (log) => {
    await appendAll(log, numbers(5).map(String));
    assert.equal(log.stale, 0);
    await appendAll(log, numbers(100).map(String));
    assert.ok(log.stale > log.trimmed && log.stale < log.head);
  }),
  promise("tells its followers that the head has moved, until they leave", 10, async (log) => {
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
  promise("asks its followers, and gives what they answer", 10, async (log) => {
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
  promise("tells others, not its own followers, and is well", 10, async (log) => {
    const notices: unknown[] = [];
    log.follow({ ...idleFollower, onNotice: (notice) => notices.push(notice) });
    await log.tell({ kind: "hello" });
    await log.catchUp();
    assert.deepEqual(notices, []);
    assert.equal(log.health.status, "ok");
    assert.ok(log.health.since <= Date.now());
    assert.ok(log.sessionLabel.length > 0);
  }),
  promise("closes twice without harm", 10, async (log) => {
    await log.close();
    await log.close();
  }),
];

/** What a log of several nodes promises beside {@link LOG_CONTRACT}. */
export const SHARED_LOG_CONTRACT: readonly LogPromise[] = [
  promise("gives each node the same entries, with the same ids", 100, async (log, another) => {
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
  promise("has read with catchUp what another node has appended", 100, async (log, another) => {
    const other = await another();
    for (const text of numbers(20).map(String)) {
      const position = await append(other, draft(text));
      await log.catchUp();
      assert.equal(log.head, position);
    }
  }),
  promise("tells a notice on the other nodes, at its place", 100, async (log, another) => {
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
  promise("asks the followers of every node", 10, async (log, another) => {
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
  promise("gives a node that comes later what there is already", 100, async (log, another) => {
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
  }),
  promise("loses and doubles nothing when nodes append at once", 2_000, async (log, another) => {
    const logs = [log, await another(), await another()];
    const texts = numbers(999).map(String);
    const ids = await Promise.all(
      texts.map((text, n) => (logs[n % 3] as EventLog).append(draft(text))),
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
  }),
];

function promise(
  name: string,
  maxEvents: number,
  check: (log: EventLog, another: () => Promise<EventLog>) => Promise<void>,
): LogPromise {
  return {
    name,
    run: async (createLog) => {
      const logs: EventLog[] = [];
      const create = async () => {
        const log = await createLog({ maxEvents });
        logs.push(log);
        return log;
      };
      try {
        await check(await create(), create);
      } finally {
        await Promise.all(logs.map((log) => log.close()));
      }
    },
  };
}

function draft(text: string): LogDraft {
  return {
    frame: Buffer.from(`data: ${text}\n\n`),
    audience: { rooms: null, filter: null, except: null },
    retainKey: null,
    isVolatile: false,
  };
}

const idleFollower: LogFollower = {
  onMove: () => undefined,
  onNotice: () => undefined,
  onBreak: () => undefined,
  onQuestion: () => null,
  onError: () => undefined,
};

async function append(log: EventLog, given: LogDraft): Promise<number> {
  return Number((await log.append(given)).split(".")[1]);
}

function textOf({ bytes }: LogEntry): string {
  return /data: (.*)\n\n$/.exec(bytes.toString())?.[1] ?? "";
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

async function appendAll(log: EventLog, texts: readonly string[]): Promise<number[]> {
  const positions: number[] = [];
  for (const text of texts) positions.push(await append(log, draft(text)));
  await log.catchUp();
  return positions;
}

async function all(log: EventLog, after = 0): Promise<readonly LogEntry[]> {
  return (await log.read(after, 100_000_000)).entries;
}

/** An entry without what a log may keep beside it. */
function plain({ position, bytes, audience, isVolatile }: LogEntry): unknown {
  return { position, text: bytes.toString(), audience, isVolatile };
}

async function allPlain(log: EventLog): Promise<unknown[]> {
  return (await all(log)).map(plain);
}
