import { page } from "./page.js";

/** Reports an error as that of an event listener: to the console, and to window's "error". */
export function report(error: unknown): void {
  if (page.reportError !== undefined) page.reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
