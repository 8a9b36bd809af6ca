/**
 * Gives what a promise gives, or rejects when that takes too long. Unlike a race, it keeps no hold of
 * the promise once it is over.
 */
export function withTimer<T>(
  promise: Promise<T>,
  ms: number,
  what: string,
  onLate?: (error: Error) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`${what} for ${ms} ms.`);
      onLate?.(error);
      reject(error);
    }, ms).unref();
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
