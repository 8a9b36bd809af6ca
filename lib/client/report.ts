import { page } from "./page.js";

/** Reports an error like an error of an event listener: to the console, and as the `error` event of the window. */
export function report(error: unknown): void {
  if (page.reportError) page.reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
