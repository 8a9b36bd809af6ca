import { ReconnectDelay, readRetryAfter } from "../../lib/client/reconnect-delay.js";

/** The shortest and the longest of what is drawn. */
function rangeOf(draw: () => number): [min: number, max: number] {
  const drawn = Array.from({ length: 2_000 }, draw);
  return [Math.min(...drawn), Math.max(...drawn)];
}

/** The delay after so many tries that came to nothing. */
function after(tries: number, { retryMs = 100, maxMs = 1_000 } = {}): ReconnectDelay {
  const delay = new ReconnectDelay(maxMs);
  delay.retryMs = retryMs;
  for (let n = 0; n < tries; n += 1) delay.onTry();
  return delay;
}

describe("the time before a return", () => {
  it("is what the server drew, after a stream that was open", () => {
    const delay = after(5);
    delay.onOpen();
    expect(rangeOf(() => delay.next({}))).toEqual([100, 100]);
  });

  it.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [50, 1_000],
  ])("after %d tries is spread around %d ms", (tries, ms) => {
    const delay = after(tries);
    const [min, max] = rangeOf(() => delay.next({}));
    expect([min >= ms / 2, min < ms * 0.6, max > ms * 1.4, max <= ms * 1.5]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it("is never less than the server asks for because of the most that the page allows", () => {
    const [min] = rangeOf(() => after(3, { retryMs: 5_000 }).next({}));
    expect(min).toBeGreaterThanOrEqual(2_500);
  });

  it.each([
    ["has opened", true],
    ["has not opened", false],
  ])("goes on growing where each stream that %s ends with an error", (_what, hasOpened) => {
    const delay = after(0);
    for (let n = 0; n < 4; n += 1) {
      delay.onTry();
      if (hasOpened) delay.onOpen();
      delay.onError();
    }
    expect(rangeOf(() => delay.next({}))[0]).toBeGreaterThanOrEqual(400);
  });

  it("is what Retry-After asks for, and then spread", () => {
    const [min, max] = rangeOf(() => after(1).next({ retryAfterMs: 60_000 }));
    expect([min >= 60_050, max <= 60_150]).toEqual([true, true]);
  });
});

describe("Retry-After", () => {
  it.each<[value: string | null, ms: number]>([
    [null, 0],
    ["7", 7_000],
    ["0", 0],
    ["86400", 300_000],
    ["soon", 0],
    ["-5", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["Fri, 01 Jan 2500 00:00:00 GMT", 300_000],
  ])("%s is %d ms", (value, ms) => {
    expect(readRetryAfter(value)).toBe(ms);
  });
});
