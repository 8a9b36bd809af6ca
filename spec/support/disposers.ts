type Dispose = () => unknown;

const pending: Dispose[] = [];

/** Runs at the end of the test, newest first. Call it where the resource is made. */
export function onTestEnd(dispose: Dispose): void {
  pending.push(dispose);
}

// What runs in a program that specs start ends with its process.
if (typeof afterEach === "function") {
  afterEach(async () => {
    const troubles: unknown[] = [];
    for (let dispose = pending.pop(); dispose !== undefined; dispose = pending.pop()) {
      try {
        await dispose();
      } catch (trouble) {
        troubles.push(trouble);
      }
    }
    if (troubles.length > 0) throw troubles[0];
  });
}
