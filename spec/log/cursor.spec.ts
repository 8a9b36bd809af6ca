import { judge, toId } from "../../lib/log/cursor.js";
import { memoryLog } from "../../lib/log/memory-log.js";

const draft = {
  frame: Buffer.from("data: x\n\n"),
  audience: { rooms: null, filter: null, except: null },
  retainKey: null,
  isVolatile: false,
};

describe("toId", () => {
  it("gives what every client can bring back: short, in ASCII, without colon or NUL [encoding-2]", () => {
    for (const position of [0, 1, Number.MAX_SAFE_INTEGER]) {
      expect(toId(memoryLog().epoch, position)).toMatch(/^[A-Za-z0-9_-]{8}\.(0|[1-9][0-9]{0,15})$/);
    }
  });
});

describe("judge", () => {
  async function logOf(count: number, maxEvents = 10) {
    const log = memoryLog({ maxEvents });
    for (let n = 0; n < count; n += 1) await log.append(draft);
    return log;
  }

  it("says nothing about a first visit", async () => {
    const log = await logOf(3);
    expect(judge(log, undefined)).toEqual({ recovered: null });
    expect(judge(log, "")).toEqual({ recovered: null });
  });

  it("goes on from every position the log can continue, the one just before the oldest included", async () => {
    const log = await logOf(15, 10);
    const verdicts = [5, 6, 15].map((position) => judge(log, toId(log.epoch, position)));
    expect(verdicts).toEqual(
      [5, 6, 15].map((position) => ({ recovered: true, position, isOther: false })),
    );
  });

  it("says that entries after the cursor have left the log", async () => {
    const log = await logOf(15, 10);
    expect(judge(log, toId(log.epoch, 4))).toEqual({ recovered: false, reason: "trimmed" });
    expect(judge(log, toId(log.epoch, 0))).toEqual({ recovered: false, reason: "trimmed" });
  });

  it("knows an id of another life of the log", async () => {
    const [before, after] = [await logOf(3), await logOf(3)];
    expect(judge(after, toId(before.epoch, 2))).toEqual({ recovered: false, reason: "epoch" });
  });

  it("compares positions as numbers: from 9 on, 10 to 12 are still to come", async () => {
    const log = await logOf(12, 100);
    expect(judge(log, toId(log.epoch, 9))).toEqual({
      recovered: true,
      position: 9,
      isOther: false,
    });
  });

  it.each([
    "garbage",
    "EPOCH.16",
    "EPOCH.-1",
    "EPOCH.1.0",
    "EPOCH.01",
    "EPOCH.1e1",
    "EPOCH. 1",
    "EPOCH.99999999999999999999",
    "EPOCH.",
    ".1",
    "EPOCH.1\u00ff",
    "EPOCH.1:2",
    "x".repeat(20_000),
    "../../etc/passwd",
    "*",
    "$",
    "0-0",
  ])("calls %j unknown, and nothing else happens", async (id) => {
    const log = await logOf(15);
    expect(judge(log, id.replace("EPOCH", log.epoch))).toEqual({
      recovered: false,
      reason: "unknown",
    });
  });
});
