import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { Opened } from "./connection.js";

/** The items of a stream. */
export type Source<T> = AsyncIterable<T> | Iterable<T>;

/** The receiver of the items: a connection, or a run. */
export interface Sink {
  readonly hasEnded: boolean;
  readonly signal: AbortSignal;
  readonly opened: Promise<Opened>;
  /** True while nothing may be written. */
  readonly isHeld: boolean;
  whenReleased(): Promise<void>;
  whenWritable(): Promise<void>;
  finish(reason: "error"): void;
  report(error: SseHubError): void;
}

/**
 * Takes items from a source at the pace of the sink, until the source is done or the sink has ended. When the sink
 * ends, the source's `return()` is called, even while the source works on an item.
 *
 * @throws SseHubTypeError `ERR_SSE_SOURCE`
 */
export function streamFrom<T>(
  sink: Sink,
  source: Source<T>,
  write: (item: T) => void,
): Promise<void> {
  const iterator = iteratorOf(source);
  const streaming = run(sink, iterator, write);
  streaming.catch((cause: unknown) => {
    leave(iterator);
    sink.report(new SseHubError("ERR_SSE_SOURCE", SOURCE_FAILED, { cause }));
    sink.finish("error");
  });
  return streaming;
}

const SOURCE_FAILED =
  "The source of a stream failed, so the stream has ended. The cause is the error that the source threw.";

type AnyIterator<T> = AsyncIterator<T> | Iterator<T>;

async function run<T>(
  sink: Sink,
  iterator: AnyIterator<T>,
  write: (item: T) => void,
): Promise<void> {
  await unlessEnded(sink, sink.opened);
  while (!sink.hasEnded) {
    const result = await unlessEnded(sink, iterator.next(), () => {
      leave(iterator);
    });
    if (result === undefined) return;
    if (result.done === true) return;
    if (sink.isHeld) await sink.whenReleased();
    if (!sink.hasEnded) write(result.value);
    await sink.whenWritable();
  }
  leave(iterator);
}

// Tells the source to stop. Its last value or error is of no use.
function leave(iterator: AnyIterator<unknown>): void {
  new Promise((done) => {
    done(iterator.return?.());
  }).catch(() => undefined);
}

/**
 * Resolves with the value, or with undefined if the sink ends first. It removes its abort listener afterwards: a
 * long stream must not keep one listener for each item.
 */
export function unlessEnded<T>(
  sink: Pick<Sink, "hasEnded" | "signal">,
  value: PromiseLike<T> | T,
  onEnd?: () => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      resolve(undefined);
      onEnd?.();
    };
    if (sink.hasEnded) {
      onAbort();
      return;
    }
    sink.signal.addEventListener("abort", onAbort, { once: true });
    void Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => {
        sink.signal.removeEventListener("abort", onAbort);
      });
  });
}

function iteratorOf<T>(source: Source<T>): AnyIterator<T> {
  if (typeof source === "object" && (source as unknown) !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new SseHubTypeError(
    "ERR_SSE_SOURCE",
    `stream() was given ${describe(source)}. Expected something that can be iterated: an async generator, ` +
      "a readable stream, an array.",
  );
}
