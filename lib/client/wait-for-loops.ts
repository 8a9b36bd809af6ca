// Events come in bursts, and most loops take one of a thousand events within that time.
const PATIENCE_MS = 1_000;

/** Waits a second for loops to take what they hold: false if it takes them longer. */
export function takenSoon(taken: Promise<void>): Promise<boolean> {
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
