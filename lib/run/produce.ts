import { isThenable } from "../async/is-thenable.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { RunSource, RunTools } from "./run.js";

/** Takes all items of a source, until the source is done or the signal is aborted. Then calls its `return()`. */
export async function produce(
  source: RunSource,
  tools: RunTools,
  onItem: (item: unknown) => void,
): Promise<void> {
  const given = source(tools);
  const items: unknown = isThenable(given) ? await given : given;
  if (items === undefined) return;
  const iterator = iteratorOf(items);
  const stop = () => {
    leave(iterator);
  };
  if (tools.signal.aborted) {
    stop();
    return;
  }
  tools.signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const item: IteratorResult<unknown> = await iterator.next();
      if (item.done === true || tools.signal.aborted) return;
      passOn(item.value, onItem, stop);
      if (tools.signal.aborted) return;
    }
  } finally {
    tools.signal.removeEventListener("abort", stop);
  }
}

function passOn(item: unknown, onItem: (item: unknown) => void, onRefusal: () => void): void {
  try {
    onItem(item);
  } catch (error) {
    onRefusal();
    throw error;
  }
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

function iteratorOf(items: unknown): AnyIterator {
  if (typeof items === "object" && items !== null) {
    if (Symbol.asyncIterator in items)
      return (items as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in items) return (items as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new SseHubTypeError(
    "ERR_SSE_SOURCE",
    `The source of hub.run() returned ${describe(items)}. Expected something that can be iterated, such as an async ` +
      "generator, or a promise for it. A source that calls send itself returns a promise for nothing.",
  );
}

// Tells the source to stop. Its last value or error is of no use.
function leave(iterator: AnyIterator): void {
  new Promise((done) => {
    done(iterator.return?.());
  }).catch(() => undefined);
}
