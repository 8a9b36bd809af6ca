/**
 * Settles like a promise, or rejects if that takes longer than `ms`. Unlike `Promise.race`, it holds no reference to the
 * promise afterwards.
 *
 * @param what begins the message of the error, which goes on with "for … ms."
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
