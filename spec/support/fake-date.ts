import { onTestEnd } from "./disposers.js";

const OTHERS = [
  "nextTick",
  "setImmediate",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "hrtime",
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
] as const satisfies readonly string[] as never;

/** Stops the clock on the wall until the end of the test. Timers run on. */
export function fakeDate(): { pass(ms: number): void } {
  jest.useFakeTimers({ doNotFake: OTHERS });
  onTestEnd(() => jest.useRealTimers());
  return {
    pass: (ms) => {
      jest.setSystemTime(Date.now() + ms);
    },
  };
}
