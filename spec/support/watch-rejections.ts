import { onTestEnd } from "./disposers.js";

/** Rejections that nobody handled, until the end of the test. Outside of a test, each would end the process. */
export function watchRejections(): unknown[] {
  const unhandled: unknown[] = [];
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => unhandled.push(error));
  onTestEnd(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of before) process.on("unhandledRejection", listener);
  });
  return unhandled;
}
