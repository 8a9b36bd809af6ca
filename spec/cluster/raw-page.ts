import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestEnd } from "../support/disposers.js";

/** A page that returned with its cursor, as cheap as can be: it counts its events, and keeps nothing. */
export class RawPage {
  readonly cursor: number;
  /** Events so far. */
  count = 0;
  /** True when the event "last" has come. */
  isDone = false;
  #rest = "";

  private constructor(cursor: number) {
    this.cursor = cursor;
  }

  /** Adds a page to the others. Resolves when it was told `hub:open`. */
  static async open(url: string, id: string, pages: RawPage[]): Promise<void> {
    const page = new RawPage(Number(id.split(".")[1]));
    pages.push(page);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    onTestEnd(() => socket.destroy());
    const opened = page.#readFrom(socket);
    await once(socket, "connect");
    socket.write(
      "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
        `Last-Event-ID: ${id}\r\n\r\n`,
    );
    await opened;
  }

  #readFrom(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("data", (bytes) => {
        const parts = (this.#rest + bytes.toString("latin1")).split("\n\n");
        this.#rest = parts.pop() ?? "";
        for (const part of parts) {
          if (part.includes('"recovered":true')) resolve();
          else if (!part.includes("event: hub:") && part.includes("data: ")) this.count += 1;
          if (part.endsWith("data: last")) this.isDone = true;
        }
      });
    });
  }
}
