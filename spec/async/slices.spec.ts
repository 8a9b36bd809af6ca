import timers from "node:timers";
import timersPromises from "node:timers/promises";
import { Slices } from "../../lib/async/slices.js";
import { nextTurn } from "../../lib/async/next-turn.js";
import { onTestEnd } from "../support/disposers.js";

// 300 ms of work: about what a visit of 8 000 connections takes.
const STEPS = 6_000;
const STEP_MS = 0.05;

/** Holds the event loop for so long. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it("gives others a turn every few milliseconds, however long the work is [socket-6]", async () => {
  const turns: number[] = [];
  let step = 0;
  const look = () => {
    turns.push(step);
    if (step < STEPS) setImmediate(look);
  };
  setImmediate(look);
  const slices = new Slices();
  for (; step < STEPS; step += 1) {
    work(STEP_MS);
    if (slices.isOver()) await slices.next();
  }
  await nextTurn();
  // The work between two turns, not the time: what else the machine does is not to count.
  const longest = Math.max(...turns.map((at, n) => at - (turns[n - 1] ?? 0)));
  expect(turns.at(-1)).toBe(STEPS);
  expect(longest * STEP_MS).toBeLessThanOrEqual(5);
});

it("shares the time with other long work of the same turn", async () => {
  const steps: [number, number] = [0, 0];
  const isOver = () => steps.some((count) => count >= 2_000);
  const long = async (at: 0 | 1) => {
    const slices = new Slices();
    while (!isOver()) {
      work(STEP_MS);
      steps[at] += 1;
      if (slices.isOver()) await slices.next();
    }
  };
  await Promise.all([long(0), long(1)]);
  expect(Math.min(...steps)).toBeGreaterThan(500);
});

it("goes on while a test has replaced the timers", async () => {
  const never = () => new Promise<never>(() => undefined);
  const fakes = [
    jest.spyOn(timersPromises, "setImmediate").mockImplementation(never),
    jest.spyOn(timers, "setImmediate").mockImplementation((() => undefined) as never),
  ];
  onTestEnd(() => {
    for (const fake of fakes) fake.mockRestore();
  });
  await expect(new Slices().next()).resolves.toBeUndefined();
  await expect(nextTurn()).resolves.toBeUndefined();
});
