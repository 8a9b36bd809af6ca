import type { Trouble } from "./reconnect-delay.js";
import type { EventSignal } from "./signal.js";
import type { AnyStreamEvent } from "./sse-stream.js";
import { valueOf } from "./value-of.js";

// A loop holds this many events, and a few more that arrived together with the last one.
const MAX_HELD = 1_000;

interface Loop {
  readonly takes: (event: string) => boolean;
  readonly held: EventSignal[];
  wake: () => void;
}

/** The `for await` loops over the events of one stream. */
export class EventLoops {
  /** Set while a loop is full: the stream must not read more until the promise resolves. */
  whenTaken: Promise<void> | undefined;
  readonly #loops = new Set<Loop>();
  readonly #full = new Set<Loop>();
  #goOn: () => void = () => undefined;
  #hasEnded = false;
  #error: Error | undefined;

  give(signal: EventSignal): void {
    // A listener may have closed the stream while this event was dispatched.
    if (this.#hasEnded) return;
    for (const loop of this.#loops) {
      if (!loop.takes(signal.event)) continue;
      loop.wake();
      if (loop.held.push(signal) < MAX_HELD) continue;
      this.#full.add(loop);
      this.whenTaken ??= new Promise((resolve) => {
        this.#goOn = resolve;
      });
    }
  }

  /** Ends the loops when they have taken the events they hold. If the server refused the stream, they throw. */
  end(reason: string, trouble?: Trouble): void {
    if (reason === "unauthorized" || reason === "forbidden") {
      const error = new Error(`The server refused the stream: ${reason}.`, { cause: trouble });
      this.#error = Object.assign(error, { reason });
    }
    this.#hasEnded = true;
    for (const { wake } of this.#loops) wake();
  }

  /** Ends the loops at once, and drops the events they hold. */
  leave(): void {
    for (const loop of this.#loops) {
      loop.held.length = 0;
      this.#haveRoom(loop);
    }
    this.end("close");
  }

  /** Iterates the events that `takes` accepts, from the first call of `next()` to the end of the stream. */
  async *over(takes: Loop["takes"]): AsyncGenerator<AnyStreamEvent> {
    const loop: Loop = { takes, held: [], wake: () => undefined };
    this.#loops.add(loop);
    try {
      for (;;) {
        let signal: EventSignal | undefined;
        while ((signal = loop.held.shift()) !== undefined) {
          const { event, data, id } = signal;
          // The types of the events are declared by the application, so they are not known here.
          const given: unknown = { event, data: valueOf(data), id };
          yield given as AnyStreamEvent;
        }
        this.#haveRoom(loop);
        if (this.#error) throw this.#error;
        if (this.#hasEnded) return;
        await new Promise<void>((resolve) => {
          loop.wake = resolve;
        });
      }
    } finally {
      this.#loops.delete(loop);
      this.#haveRoom(loop);
    }
  }

  #haveRoom(loop: Loop): void {
    if (!this.#full.delete(loop) || this.#full.size > 0) return;
    this.whenTaken = undefined;
    this.#goOn();
  }
}
