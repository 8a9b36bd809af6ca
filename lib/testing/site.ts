import { parseUrl } from "../options/parse-url.js";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** A served application, for one visitor. */
export interface Site {
  readonly url: string;
  /**
   * Called before a client closes its connection. It keeps the process alive until the server has noticed that,
   * because a test may wait for it.
   */
  willClose(client: Socket): void;
  /** Ends the visit. When the last visitor leaves, the server closes. Idempotent. */
  leave(): Promise<void>;
}

/**
 * Returns the site of an application: the given URL, or a server on a free port, which all visitors of the same
 * application share.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` if the target is neither
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
 * A server that runs while its application has visitors. It does not keep the process alive, because a test may forget
 * to close a visitor; every wait has a timer of its own.
 */
class SharedServer {
  readonly #app: RequestListener;
  readonly #server: Server;
  readonly #url: Promise<string>;
  // Server.closeAllConnections() does not know sockets whose request was released.
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

  // Keeps the process alive until the server's side of the connection has closed.
  #willClose({ localPort }: Socket): void {
    for (const socket of this.#sockets) if (socket.remotePort === localPort) socket.ref();
  }

  async #leave(): Promise<void> {
    this.#visitors -= 1;
    if (this.#visitors > 0) return;
    // A later visitor gets a new server.
    servers.delete(this.#app);
    // Waits for the sockets too: the hub notices the end of a stream when its socket has closed.
    const closed = [...this.#sockets].map((socket) => once(socket.destroy(), "close"));
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(closed);
  }
}
