import { Ring, type RingBounds, type TimedEntry } from "../../lib/log/ring.js";

const BOUNDS: RingBounds = { maxEvents: 8, maxBytes: 1_000, maxAgeMs: 60_000 };

function entryAt(position: number, ageMs = 0): TimedEntry {
  return {
    position,
    bytes: Buffer.alloc(10),
    audience: { rooms: null, filter: null, except: null },
    isVolatile: false,
    appendedAt: performance.now() - ageMs,
  };
}

const positionsAfter = (ring: Ring, after: number) =>
  ring.read(after, 10_000).entries.map(({ position }) => position);

describe("a ring that is filled downwards", () => {
  it("holds all from the start it was given", () => {
    const ring = new Ring(BOUNDS, 20);
    ring.append(entryAt(21));
    ring.prepend([entryAt(17), entryAt(20)], 15);
    expect([ring.trimmed, ring.head, ring.size]).toEqual([15, 21, { entries: 3, bytes: 30 }]);
    ring.prepend([entryAt(12)], 11);
    expect(positionsAfter(ring, 11)).toEqual([12, 17, 20, 21]);
    expect(positionsAfter(ring, 17)).toEqual([20, 21]);
    expect(ring.isFull).toBe(false);
  });

  it.each<[string, Partial<RingBounds>, TimedEntry[], number]>([
    ["number", { maxEvents: 3 }, [entryAt(1), entryAt(2), entryAt(3)], 1],
    ["bytes", { maxBytes: 39 }, [entryAt(1), entryAt(2), entryAt(3)], 1],
    ["age", { maxAgeMs: 60_000 }, [entryAt(1, 120_000), entryAt(2), entryAt(3)], 1],
  ])("takes no more than its bounds allow, by %s", (_what, bounds, older, trimmed) => {
    const ring = new Ring({ ...BOUNDS, ...bounds }, 3);
    ring.append(entryAt(4));
    ring.prepend(older, 0);
    expect([ring.trimmed, ring.isFull]).toEqual([trimmed, true]);
    expect(positionsAfter(ring, trimmed)).toEqual([2, 3, 4]);
    ring.prepend([entryAt(1)], 0);
    expect(ring.trimmed).toBe(trimmed);
  });

  it("knows which cursors are stale as if it had been there all the time", () => {
    const ring = new Ring(BOUNDS, 5);
    expect(ring.stale).toBe(0);
    ring.prepend([entryAt(3), entryAt(4), entryAt(5)], 2);
    expect(ring.stale).toBe(3);
    ring.prepend([entryAt(2)], 1);
    expect(ring.stale).toBe(3);
    ring.append(entryAt(6));
    expect(ring.stale).toBe(4);
  });
});
