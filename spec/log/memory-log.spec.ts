import { LOG_CONTRACT } from "express-sse-hub/log-contract";
import type { MemoryLogOptions } from "../../lib/log/memory-log-options.js";
import { memoryLog } from "../../lib/log/memory-log.js";

const audience = { rooms: null, filter: null, except: null };
const draft = (text: string) => ({
  frame: Buffer.from(`data: ${text}\n\n`),
  audience,
  retainKey: null,
  isVolatile: false,
});

describe("memoryLog", () => {
  it.each(LOG_CONTRACT)("$name", async (promise) => {
    await expect(promise.run(memoryLog)).resolves.toBeUndefined();
  });

  it("gives entries in order, each with its id in front", async () => {
    const log = memoryLog();
    expect([await log.append(draft("a")), await log.append(draft("b"))]).toEqual([
      `${log.epoch}.1`,
      `${log.epoch}.2`,
    ]);
    const { entries, isTrimmed } = await log.read(0, 1_000);
    expect(entries.map(({ position, bytes }) => [position, bytes.toString()])).toEqual([
      [1, `id: ${log.epoch}.1\ndata: a\n\n`],
      [2, `id: ${log.epoch}.2\ndata: b\n\n`],
    ]);
    expect(isTrimmed).toBe(false);
  });

  it("reads whole entries of about the bytes asked for, at least one", async () => {
    const log = memoryLog();
    for (const text of ["a", "b", "c"]) await log.append(draft(text));
    const size = (await log.read(0, 1)).entries[0]?.bytes.length ?? 0;
    expect((await log.read(0, 1)).entries).toHaveLength(1);
    expect((await log.read(0, size * 2)).entries).toHaveLength(2);
    expect((await log.read(1, size * 2)).entries.map(({ position }) => position)).toEqual([2, 3]);
    expect((await log.read(3, size)).entries).toEqual([]);
  });

  it("lets the oldest go beyond maxEvents, and says so instead of giving a part", async () => {
    const log = memoryLog({ maxEvents: 2 });
    for (const text of ["a", "b", "c"]) await log.append(draft(text));
    expect([log.trimmed, log.head]).toEqual([1, 3]);
    expect(await log.read(0, 1_000)).toEqual({ entries: [], isTrimmed: true });
    expect((await log.read(1, 1_000)).entries).toHaveLength(2);
  });

  it("lets the oldest go beyond maxBytes, but never the newest", async () => {
    const log = memoryLog({ maxBytes: 10 });
    await log.append(draft("a"));
    await log.append(draft("b"));
    expect([log.trimmed, log.head]).toEqual([1, 2]);
    expect((await log.read(1, 1)).entries).toHaveLength(1);
  });

  it("lets entries go by age, without anybody asking", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
    try {
      const log = memoryLog({ maxAgeMs: 1_000 });
      await log.append(draft("a"));
      jest.advanceTimersByTime(600);
      await log.append(draft("b"));
      jest.advanceTimersByTime(600);
      expect(log.trimmed).toBe(1);
      jest.advanceTimersByTime(600);
      expect([log.trimmed, log.head]).toEqual([2, 2]);
    } finally {
      jest.useRealTimers();
    }
  });

  it("stays right after many times its size", async () => {
    const log = memoryLog({ maxEvents: 100 });
    for (let n = 1; n <= 10_000; n += 1) await log.append(draft(String(n)));
    const { entries } = await log.read(9_900, 1_000_000);
    expect([entries.length, entries[0]?.position, entries.at(-1)?.position]).toEqual([
      100, 9_901, 10_000,
    ]);
    expect(entries[0]?.bytes.toString()).toBe(`id: ${log.epoch}.9901\ndata: 9901\n\n`);
  });

  it.each<[MemoryLogOptions | Record<string, unknown>, string]>([
    [{ maxEvents: 0 }, "maxEvents"],
    [{ maxBytes: 1.5 }, "maxBytes"],
    [{ maxAgeMs: -1 }, "maxAgeMs"],
    [{ maxEvent: 1 }, "Did you mean maxEvents?"],
  ])("refuses %j", (options, why) => {
    expect(() => memoryLog(options)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message: expect.stringContaining(why) }),
    );
  });
});
