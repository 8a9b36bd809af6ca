import { createParser } from "eventsource-parser";
import type { Opened } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import type { StreamEvent } from "./stream-event.js";

/** What has come over one stream so far, read as EventSource reads it. */
export class Received {
  /** Everything, as text. */
  raw = "";
  /** How long the server asked to wait before a return, in milliseconds. */
  retryMs: number | undefined;
  /** What EventSource would send as Last-Event-ID. */
  lastEventId: string | undefined;
  /** Every event, in order, the hub's own included. */
  readonly all: StreamEvent[] = [];
  /** The hub's own events. */
  readonly hubEvents: StreamEvent[] = [];
  /** Events of the application that were not taken yet. */
  readonly pending: StreamEvent[] = [];
  readonly #markers = new Map<string, "sent" | "passed">();
  readonly #parser = createParser({
    onEvent: ({ event = "message", data, id }) => {
      this.#take({ event, data, id });
    },
    onRetry: (ms) => {
      this.retryMs = ms;
    },
  });

  feed(text: string): void {
    this.raw += text;
    this.#parser.feed(text);
  }

  /** What `hub:open` said, once it has come. */
  get opening(): (Opened & { readonly connection: string }) | undefined {
    const opening = this.find("hub:open");
    return opening === undefined ? undefined : (JSON.parse(opening.data) as never);
  }

  /** The reason of `hub:end`, once it was said. */
  get endReason(): EndReason | undefined {
    const end = this.find("hub:end");
    return end === undefined ? undefined : (JSON.parse(end.data) as { reason: EndReason }).reason;
  }

  /** The first of the hub's own events with that name. */
  find(name: string): StreamEvent | undefined {
    return this.hubEvents.find(({ event }) => event === name);
  }

  /** From here on an event of that name is a marker, and none of the application's. */
  awaitMarker(name: string): void {
    this.#markers.set(name, "sent");
  }

  hasMarker(name: string): boolean {
    return this.#markers.get(name) === "passed";
  }

  #take(taken: StreamEvent): void {
    const { event, id } = taken;
    if (id !== undefined) this.lastEventId = id;
    if (this.#markers.has(event)) {
      this.#markers.set(event, "passed");
      return;
    }
    this.all.push(taken);
    if (event.startsWith("hub:")) this.hubEvents.push(taken);
    else this.pending.push(taken);
  }
}
