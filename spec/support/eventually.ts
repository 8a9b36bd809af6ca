import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";

const PATIENCE_MS = 30_000;

/** Asks until the answer is as it should be, and gives it. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isSo: (answer: T) => boolean,
): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`It never came true: ${JSON.stringify(answer)}.`);
    await sleep(50);
  }
}

/**
 * Resolves when a script that is run in the page gives true. Unlike `page.waitForFunction()`, which
 * calls `eval` in the page from its second look on, it works under a strict content security policy.
 */
export async function untilTrueIn(page: Page, script: string): Promise<void> {
  await eventually(() => page.evaluate<boolean>(script), Boolean);
}
