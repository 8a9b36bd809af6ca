import type { Connection } from "../connection/connection.js";
import type { Hub } from "../hub/hub.js";

const EVERY_MS = 500;

/** The open pages of a dashboard, which are told the numbers of the hub. Without one it does nothing. */
export class Viewers {
  readonly #hub: Hub;
  readonly #open = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** @param token what the page is to send along with its calls */
  add(connection: Connection, token: string): void {
    if (connection.signal.aborted) return;
    this.#open.add(connection);
    connection.signal.addEventListener("abort", () => {
      this.#remove(connection);
    });
    this.#timer ??= setInterval(() => {
      this.#tell();
    }, EVERY_MS).unref();
    connection.opened.then(
      () => {
        tell(connection, "token", token);
        tell(connection, "flow", this.#flow());
      },
      // It has ended before: its signal has told so.
      () => undefined,
    );
  }

  #remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    const flow = this.#flow();
    for (const connection of this.#open) tell(connection, "flow", flow);
  }

  #flow(): object {
    return { at: Date.now(), stats: this.#hub.stats(), health: this.#hub.health() };
  }
}

// An application that names its events (`SseEvents`) does not name these, which are for the dashboard's page alone.
function tell(connection: Connection, event: "token" | "flow", data: unknown): void {
  connection.send(event as never, data as never);
}
