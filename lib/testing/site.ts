import { parseUrl } from "../options/parse-url.js";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** Where an application is served, for one of its visitors. */
export interface Site {
  readonly url: string;
  /**
   * Called before a client closes its connection: nothing here keeps the process alive, and somebody may
   * await that the server hears of it.
   */
  willClose(client: Socket): void;
  /** The last one to leave closes the server. Idempotent. */
  leave(): Promise<void>;
}

/**
 * Gives the address of an application: its own if it is a URL, else that of a server on a free port,
 * which all visitors of the same application share.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` for what is neither
 */
export async function enterSite(target: RequestListener | string): Promise<Site> {
  if (typeof target === "string" && parseUrl(target) !== undefined) {
    return { url: target, willClose: () => undefined, leave: () => Promise.resolve() };
  }
  if (typeof target !== "function") {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The application to visit is ${describe(target)}. Expected an Express application, ` +
        'or the URL of one that is served, such as "http://localhost:3000".',
    );
  }
  let server = servers.get(target);
  if (server === undefined) {
    server = new SharedServer(target);
    servers.set(target, server);
  }
  return server.enter();
}

const servers = new WeakMap<RequestListener, SharedServer>();

/**
 * A server that is there while somebody visits its application. It does not keep the process alive, for a
 * test may forget a visitor: whatever is awaited of the network has a timer of its own.
 */
class SharedServer {
  readonly #app: RequestListener;
  readonly #server: Server;
  readonly #url: Promise<string>;
  // Server.closeAllConnections() knows nothing of those whose request was let go of.
  readonly #sockets = new Set<Socket>();
  #visitors = 0;

  constructor(app: RequestListener) {
    this.#app = app;
    this.#server = createServer(app).unref();
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket.unref());
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#url = new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(0, "127.0.0.1", () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  async enter(): Promise<Site> {
    this.#visitors += 1;
    let left: Promise<void> | undefined;
    const leave = () => (left ??= this.#leave());
    const willClose = this.#willClose.bind(this);
    try {
      return { url: await this.#url, willClose, leave };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  // Alive until it has closed, which is as soon as the end of the other side has come.
  #willClose({ localPort }: Socket): void {
    for (const socket of this.#sockets) if (socket.remotePort === localPort) socket.ref();
  }

  async #leave(): Promise<void> {
    this.#visitors -= 1;
    if (this.#visitors > 0) return;
    // A visitor that comes from now on gets a server of its own.
    servers.delete(this.#app);
    // A server has closed before its sockets have, and with those the hub hears who has left.
    const closed = [...this.#sockets].map((socket) => once(socket.destroy(), "close"));
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(closed);
  }
}
