// Events arrive in bursts. Most loops take a thousand events within this time.
const PATIENCE_MS = 1_000;

/** Waits for loops to take the events they hold. Resolves with false if that takes longer than a second. */
export function waitForLoops(taken: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, PATIENCE_MS);
    void taken.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
