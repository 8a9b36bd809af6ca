import { setTimeout as wait } from "node:timers/promises";

const TOKEN_MS = 70;
const ROW_MS = 90;
const ROWS = 120;

const ANSWER = `Server-Sent Events are one HTTP response that does not end. The server writes an event whenever \
there is one, and the browser reads it at once. When the connection breaks, the browser opens it again and sends the \
id of the newest event it has, so the server knows where to go on. This answer is a run: the server produces it once, \
whether a page reads it or not. Reload the page now, and you will see it from its first word. If another user asks for it, the server answers that there is no \
such run. And if you have read enough, the stop button ends it on the server, not only on your screen.`;

/** Stands in for a model: yields an answer word by word. */
export async function* askModel(signal: AbortSignal): AsyncGenerator<string> {
  for (const word of ANSWER.split(/(?<= )/)) {
    await wait(TOKEN_MS, undefined, { signal });
    yield word;
  }
}

/** Stands in for an import: sends the event `progress` after each row. */
export async function importOrders(
  signal: AbortSignal,
  send: (event: string, data: unknown) => unknown,
): Promise<void> {
  for (let done = 1; done <= ROWS; done += 1) {
    await wait(ROW_MS, undefined, { signal });
    send("progress", { done, of: ROWS, order: 7_000 + done });
  }
}
