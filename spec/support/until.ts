/** Resolves when a condition holds; looked at after every turn of the event loop. */
export async function until(
  isTrue: () => boolean,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`It never came true: ${what}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
