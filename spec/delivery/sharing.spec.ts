import { memoryLog, type EventLog } from "express-sse-hub";
import { logWith } from "../support/log-with.js";
import { Shop, until } from "../support/shop.js";

const READERS = 500;
const EVENTS = 2_000;
// What replay takes from the log at a time.
const PAGE_BYTES = 65_536;

/** A log that counts how often it is read. */
function countingLog(log: EventLog): { log: EventLog; reads: () => number } {
  let reads = 0;
  const read: EventLog["read"] = (after, maxBytes) => {
    reads += 1;
    return log.read(after, maxBytes);
  };
  return { log: logWith(log, { read }), reads: () => reads };
}

describe("many browsers that return at once", () => {
  it("share what is read from the log, and each gets everything it missed", async () => {
    const { log, reads } = countingLog(memoryLog());
    const shop = await Shop.open({ hub: { log } });
    const { lastEventId } = await shop.stream();
    const expected = Array.from({ length: EVENTS }, (_, n) => `${n} ${"x".repeat(60)}`);
    for (const data of expected) await shop.hub.broadcast("message", data);
    await until(() => shop.hub.stats().delivered === EVENTS, "the live reader has been served");
    const before = reads();

    const readers = await Promise.all(
      Array.from({ length: READERS }, () => shop.stream("/events", { lastEventId })),
    );
    const missed = new Set<string>();
    for (const reader of readers) {
      await until(() => reader.pending.length >= EVENTS, "everything has come", 45_000);
      missed.add(reader.pending.map(({ data }) => data).join("\n"));
    }

    expect([...missed]).toEqual([expected.join("\n")]);
    const pages = Math.ceil(log.size.bytes / PAGE_BYTES);
    expect(reads() - before).toBeLessThan(2 * pages);
  });
});
