import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { onTestEnd } from "./disposers.js";

/** What happens to one connection on its way from the server to the browser. */
export interface Fault {
  /** Passes so many bytes of the server's, at least one, then ends the connection. */
  cutAfterBytes?: number;
  /** How it ends: as a closed laptop (`fin`), as a crashed one (`reset`), or in one direction (`half`). */
  cut?: "fin" | "reset" | "half";
  /** Passes so many bytes of the server's, then nothing more, and says nothing. */
  stallAfterBytes?: number;
  /** Milliseconds each piece takes on the way. */
  delayMs?: number | undefined;
}

/**
 * A bad network on loopback: browsers connect to `url` and reach the server behind it, each connection
 * with the next fault that was planned, without any when none is left.
 */
export class FaultProxy {
  readonly url: string;
  /** Where the connections to come lead. */
  target: string;
  /** Faults for the connections to come. */
  readonly planned: Fault[] = [];
  /** True while nothing gets through: connections to come are cut. */
  isUnplugged = false;
  /** Milliseconds each piece of the server's takes on the way, where no fault is planned. */
  delayMs: number | undefined;
  /** Number of connections so far. */
  connections = 0;
  /** Bytes of the server's that were passed so far. */
  passedBytes = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(url: string, target: string) {
    this.url = url;
    this.target = target;
  }

  static async start(target: string): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new FaultProxy(
      `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      target,
    );
    server.on("connection", (browser) => {
      proxy.#carry(browser, Number(new URL(proxy.target).port));
    });
    onTestEnd(async () => {
      for (const socket of proxy.#sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return proxy;
  }

  /** Cuts every connection there is, as a network that goes away. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Cuts every connection there is, and those to come until it is plugged in again. */
  unplug(): void {
    this.isUnplugged = true;
    this.cutAll();
  }

  plugIn(): void {
    this.isUnplugged = false;
  }

  #carry(browser: Socket, port: number): void {
    if (this.isUnplugged) {
      browser.on("error", () => undefined).resetAndDestroy();
      return;
    }
    const fault = this.planned.shift() ?? { delayMs: this.delayMs };
    this.connections += 1;
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [browser, upstream]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    browser.pipe(upstream);
    browser.on("close", () => upstream.destroy());
    let left = Math.min(fault.cutAfterBytes ?? Infinity, fault.stallAfterBytes ?? Infinity);
    const pass = (bytes: Buffer) => {
      if (browser.destroyed || left <= 0) return;
      const part = bytes.subarray(0, left);
      const mayGoOn = browser.write(part);
      this.passedBytes += part.length;
      left -= part.length;
      if (left <= 0) {
        upstream.pause();
        if (fault.stallAfterBytes === undefined) cut(browser, upstream, fault.cut ?? "fin");
      } else if (!mayGoOn) {
        upstream.pause();
        browser.once("drain", () => upstream.resume());
      }
    };
    upstream.on("data", (bytes) => {
      if (fault.delayMs === undefined) pass(bytes);
      else setTimeout(pass, fault.delayMs, bytes);
    });
    upstream.on("end", () => browser.end());
  }
}

function cut(browser: Socket, upstream: Socket, how: NonNullable<Fault["cut"]>): void {
  // "half": the browser sees the end, while its own direction stays open for the server to find out.
  if (how === "half") browser.end();
  else if (how === "reset") browser.resetAndDestroy();
  else browser.end(() => browser.destroy());
  if (how !== "half") upstream.destroy();
}
