import { PassMeter } from "../../lib/delivery/pass-meter.js";
import type { Pass } from "../../lib/delivery/pass-times.js";

const PASS: Pass = { entries: 2, writes: 3, durationMs: 4, delaysMs: [5, 6], traced: [] };

describe("the meter of passes", () => {
  beforeEach(() => jest.useFakeTimers());

  afterEach(() => jest.useRealTimers());

  it("has passes timed only while somebody watches", () => {
    const meter = new PassMeter({ isTimed: false, pass: () => undefined });
    expect(meter.isTimed).toBe(false);
    meter.watch();
    jest.advanceTimersByTime(4_000);
    meter.watch();
    jest.advanceTimersByTime(4_000);
    expect(meter.isTimed).toBe(true);
    jest.advanceTimersByTime(1_001);
    expect(meter.isTimed).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("adds up what passes took, and hands each on to who wants it", () => {
    const handed: Pass[] = [];
    const meter = new PassMeter({ isTimed: true, pass: (pass) => handed.push(pass) });
    meter.pass(PASS);
    meter.pass({ ...PASS, delaysMs: [] });
    expect(meter.watch()).toEqual({ passes: 2, passMs: 8, written: 2, writeMs: 11 });
    expect(handed).toHaveLength(2);
    meter.close();
  });
});
