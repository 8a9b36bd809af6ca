import { createParser } from "eventsource-parser";
import type { Opened } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import type { StreamEvent } from "./stream-event.js";

/** What has arrived over one stream so far, parsed as EventSource does. */
export class Received {
  /** Everything, as text. */
  raw = "";
  /** The last `retry:` of the server, in milliseconds. */
  retryMs: number | undefined;
  /** The cursor that EventSource would send as Last-Event-ID. */
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

  /** The data of `hub:open`, once it has arrived. */
  get opening(): (Opened & { readonly connection: string }) | undefined {
    const opening = this.find("hub:open");
    return opening === undefined ? undefined : (JSON.parse(opening.data) as never);
  }

  /** The reason of `hub:end`, once it has arrived. */
  get endReason(): EndReason | undefined {
    const end = this.find("hub:end");
    return end === undefined ? undefined : (JSON.parse(end.data) as { reason: EndReason }).reason;
  }

  /** The first of the hub's own events with that name. */
  find(name: string): StreamEvent | undefined {
    return this.hubEvents.find(({ event }) => event === name);
  }

  /** From now on an event of that name is a marker, not an event of the application. */
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
