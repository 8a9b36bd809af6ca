import type { Trouble } from "./return-delay.js";
import type { EventSignal } from "./signal.js";
import type { AnyStreamEvent } from "./sse-stream.js";
import { valueOf } from "./value-of.js";

// A loop holds so many events, and what has come with the last of them.
const MAX_HELD = 1_000;

interface Loop {
  readonly takes: (event: string) => boolean;
  readonly held: EventSignal[];
  wake: () => void;
}

/** The `for await` loops over the events of one stream. */
export class EventLoops {
  /** There while a loop has no room: nothing more is to be read before it is resolved. */
  whenTaken: Promise<void> | undefined;
  readonly #loops = new Set<Loop>();
  readonly #full = new Set<Loop>();
  #goOn: () => void = () => undefined;
  #hasEnded = false;
  #error: Error | undefined;

  give(signal: EventSignal): void {
    // A listener may have left in the middle of what there was to tell.
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

  /** The loops end when they have taken what there is: with an error, if the server refused the stream. */
  end(reason: string, trouble?: Trouble): void {
    if (reason === "unauthorized" || reason === "forbidden") {
      const error = new Error(`The server refused the stream: ${reason}.`, { cause: trouble });
      this.#error = Object.assign(error, { reason });
    }
    this.#hasEnded = true;
    for (const { wake } of this.#loops) wake();
  }

  /** The loops end, and take no more. */
  leave(): void {
    for (const loop of this.#loops) {
      loop.held.length = 0;
      this.#haveRoom(loop);
    }
    this.end("close");
  }

  /** Gives the events that are named so, from the first that is asked for to the end of the stream. */
  async *over(takes: Loop["takes"]): AsyncGenerator<AnyStreamEvent> {
    const loop: Loop = { takes, held: [], wake: () => undefined };
    this.#loops.add(loop);
    try {
      for (;;) {
        let signal: EventSignal | undefined;
        while ((signal = loop.held.shift()) !== undefined) {
          const { event, data, id } = signal;
          // What the application declared of its events is known to nobody here.
          const given: unknown = { event, data: valueOf(data), id };
          yield given as AnyStreamEvent;
        }
        this.#haveRoom(loop);
        if (this.#error !== undefined) throw this.#error;
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
