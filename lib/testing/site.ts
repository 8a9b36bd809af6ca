import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { Lifeline } from "./lifeline.js";

// After its last connection a server that nobody closed lets the process end.
const FORGOTTEN_MS = 5_000;

/** Where an application is served, for one of its visitors. */
export interface Site {
  readonly url: string;
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
  if (typeof target === "string" && URL.canParse(target)) {
    return { url: target, leave: () => Promise.resolve() };
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

/** A server that is there while somebody visits its application. */
class SharedServer {
  readonly #app: RequestListener;
  readonly #server: Server;
  readonly #lifeline = new Lifeline(FORGOTTEN_MS);
  readonly #url: Promise<string>;
  // Server.closeAllConnections() knows nothing of those whose request was let go of.
  readonly #sockets = new Set<Socket>();
  #visitors = 0;

  constructor(app: RequestListener) {
    this.#app = app;
    this.#server = createServer(app).unref();
    this.#server.on("connection", (socket) => {
      this.#lifeline.touch();
      this.#sockets.add(socket.unref());
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("request", () => {
      this.#lifeline.touch();
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
    try {
      return { url: await this.#url, leave };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  async #leave(): Promise<void> {
    this.#visitors -= 1;
    if (this.#visitors > 0) return;
    // Whoever comes from now on gets a server of its own.
    servers.delete(this.#app);
    // A server has closed before its sockets have, and with those the hub hears who has left.
    const closed = [...this.#sockets].map((socket) => once(socket.destroy(), "close"));
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(closed);
    this.#lifeline.close();
  }
}
