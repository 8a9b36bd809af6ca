import { Slices } from "../../lib/delivery/slices.js";

/** Holds the event loop for so long. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it("gives others a turn every few milliseconds, however long the work is [socket-6]", async () => {
  const turns: number[] = [];
  let isDone = false;
  const look = () => {
    turns.push(performance.now());
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const slices = new Slices();
  let slicesTaken = 1;
  // 300 ms of work: about what a visit of 8 000 connections takes.
  for (let step = 0; step < 6_000; step += 1) {
    work(0.05);
    if (!slices.isOver()) continue;
    slicesTaken += 1;
    await slices.next();
  }
  isDone = true;
  const longest = Math.max(...turns.slice(1).map((at, n) => at - (turns[n] ?? 0)));
  expect(slicesTaken).toBeGreaterThan(30);
  expect(longest).toBeLessThan(150);
});
