import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import https from "node:https";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import type { IncomingMessage } from "node:http";
import { onTestEnd } from "../support/disposers.js";
import { StreamReader } from "../support/open-stream.js";
import { rawRequest } from "../support/raw-request.js";
import { selfSigned } from "../support/self-signed.js";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";
import {
  dataIn,
  GET,
  isReleased,
  openRaw,
  openWatchedShop,
  WAYS,
  type WatchedRequest,
  type WatchedShop,
} from "../support/watched-shop.js";

function closeOf(socket: Socket): Promise<void> {
  // Not once(), which rejects where the end is an error.
  return new Promise((resolve) => {
    socket.once("close", () => {
      resolve();
    });
  });
}

describe.each(WAYS)("a stream kept %s", (_way, releaseRequest) => {
  const open = () => openWatchedShop({ hub: { releaseRequest } });

  /** Serves the application by another server too, until the end of the test. */
  async function listen(server: NetServer): Promise<string> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestEnd(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** What is left of a stream when it was sent one event more: the connections, and its events. */
  async function afterOneMore({ shop }: WatchedShop, stream: { text: string }) {
    await shop.hub.broadcast("message", "still here");
    await until(() => dataIn(stream.text).length > 0, "the event");
    return { size: shop.hub.size, heads: stream.text.split("HTTP/1").length - 1 };
  }
  const ALIVE = { size: 1, heads: 1 };

  it("outlives every timeout of the server", async () => {
    const watched = await openWatchedShop({
      hub: { releaseRequest, heartbeatMs: null },
      routes: (app) => app.get("/silent", () => undefined),
    });
    const server = createServer(
      {
        connectionsCheckingInterval: 10,
        headersTimeout: 500,
        requestTimeout: 500,
        keepAliveTimeout: 500,
      },
      watched.shop.app as RequestListener,
    );
    server.timeout = 1_500;
    const url = await listen(server);
    const stream = await openRaw({
      ...watched,
      shop: Object.create(watched.shop, { url: { value: url } }),
    });
    expect(isReleased(stream.request)).toBe(releaseRequest);
    // These show that the time of each is over: half a head, half a body, nothing more to say, and an
    // answer that does not come.
    const others = [
      "GET /events HTTP/1.1\r\n",
      "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
      GET("/nothing"),
      GET("/silent"),
    ];
    for (const bytes of others) await closeOf((await rawRequest(url, bytes)).socket);
    expect(await afterOneMore(watched, stream)).toEqual(ALIVE);
  });

  it("is not idle to closeIdleConnections(), and what is idle goes", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    const idle = await rawRequest(watched.shop.url, GET("/nothing"));
    await until(() => idle.text.includes("Cannot GET"), "an answer");
    watched.shop.server.closeIdleConnections();
    await closeOf(idle.socket);
    expect(await afterOneMore(watched, stream)).toEqual(ALIVE);
  });

  it("goes on after server.close(), which ends once the hub has closed", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    const closed = once(watched.shop.server, "close");
    watched.shop.server.close();
    expect(await afterOneMore(watched, stream)).toEqual(ALIVE);
    await watched.shop.hub.close();
    await closed;
    await until(() => stream.text.endsWith('data: {"reason":"shutdown"}\n\n'), "its last word");
  });

  it("meets closeAllConnections() as a request, or as a WebSocket, would", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    const other = await rawRequest(watched.shop.url, "GET /events HTTP/1.1\r\n");
    const closed = closeOf(stream.socket);
    watched.shop.server.closeAllConnections();
    await closeOf(other.socket);
    // Without its request the server knows nothing of it: the hub closes it.
    const isAlive = releaseRequest && (await afterOneMore(watched, stream)).size === 1;
    expect(isAlive).toBe(releaseRequest);
    if (isAlive) await watched.shop.hub.close();
    await closed;
    await until(() => watched.shop.hub.size === 0, "it has left");
    expect(watched.shop.hub.stats().closed).toEqual({ [releaseRequest ? "shutdown" : "gone"]: 1 });
  });

  it("brings all of it to a reader that is slow", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    stream.socket.pause();
    const sent = Array.from({ length: 100 }, (_, n) => `${n} ${"x".repeat(100_000)}`);
    for (const data of sent) await watched.shop.hub.broadcast("message", data);
    await until(() => watched.shop.hub.stats().behind === 1, "it is behind");
    stream.socket.resume();
    await until(() => stream.text.endsWith(`${sent.at(-1)}\n\n`), "all of it", 20_000);
    expect(dataIn(stream.text)).toEqual(sent);
  });

  it("asks the source of a stream for no more than a slow reader takes", async () => {
    let made = 0;
    async function* produce() {
      for (; made < 400; made += 1) {
        yield `${made} ${"x".repeat(50_000)}`;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const watched = await openWatchedShop({
      hub: { releaseRequest },
      routes: (app) => {
        app.get("/own", (req) => void req.sse.open().stream(produce(), "message"));
      },
    });
    const stream = await watched.shop.stream("/own");
    const [request] = watched.requests as [WatchedRequest];
    expect(isReleased(request)).toBe(releaseRequest);
    stream.pause();
    await until(() => request.socket.writableNeedDrain, "it waits", 10_000);
    expect(made).toBeLessThan(400);
    stream.resume();
    const numbers = (await stream.nextData(400)).map((data) => parseInt(data, 10));
    expect(numbers).toEqual(Array.from({ length: 400 }, (_, n) => n));
  });

  describe.each(EXPRESS_VERSIONS)("over TLS, on %s", (_version, express) => {
    async function openSecure() {
      const watched = await openWatchedShop({ express, hub: { releaseRequest } });
      const identity = selfSigned();
      const server = https.createServer(identity, watched.shop.app as RequestListener);
      const port = Number(new URL(await listen(server)).port);
      onTestEnd(() => watched.shop.hub.close());
      const stream = async () => {
        const req = https.get({
          ...{ port, host: "127.0.0.1", path: "/events", ca: identity.cert, agent: false },
          // As a browser says it. After "close", Node takes more bytes for an error.
          headers: { Connection: "keep-alive" },
        });
        const [response] = (await once(req, "response")) as [IncomingMessage];
        const reader = new StreamReader(response, null);
        onTestEnd(() => {
          reader.close();
        });
        await reader.opened();
        return { reader, socket: req.socket as Socket };
      };
      return { watched, stream };
    }

    it("brings events whole, and notices who leaves, who is reset, and who asks for more", async () => {
      const { watched, stream } = await openSecure();
      const { hub } = watched.shop;
      const all = [await stream(), await stream(), await stream()];
      const [leaving, reset, staying] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
      expect(watched.requests.map(isReleased)).toEqual(all.map(() => releaseRequest));
      const large = "x".repeat(900_000);
      void hub.broadcast("message", "hello");
      void hub.broadcast("message", large);
      for (const { reader } of all) expect(await reader.nextData(2)).toEqual(["hello", large]);
      staying.socket.write(GET("/events"));
      leaving.reader.close();
      watched.requests[1]?.socket.destroy(new Error("reset"));
      await reset.reader.closed;
      await until(() => hub.size === 1, "both have left");
      await hub.broadcast("message", "still here");
      expect(await staying.reader.nextData()).toEqual(["still here"]);
      expect(watched.handled()).toHaveLength(3);
      await hub.close();
      expect(await staying.reader.closed).toBe("shutdown");
    });
  });
});

describe("a stream kept without its request", () => {
  it.each([
    ["discards 4 KiB that its browser sends", 4_096, 2],
    ["is closed for a byte more, and nobody else", 4_097, 1],
  ])("%s", async (_what, bytes, left) => {
    const watched = await openWatchedShop({ hub: { releaseRequest: true } });
    const [stream, other] = [await openRaw(watched), await openRaw(watched)];
    // In pieces, of which none is too large by itself.
    stream.socket.write("x".repeat(4_000));
    await until(() => stream.request.socket.bytesRead > 4_000, "the first has come");
    stream.socket.write("x".repeat(bytes - 4_000));
    const length = GET().length + bytes;
    await until(() => stream.request.socket.bytesRead === length, "all has come");
    await until(() => watched.shop.hub.size === left, "it is as it is to be");
    await watched.shop.hub.broadcast("message", "for all");
    await until(() => dataIn(other.text).at(-1) === "for all", "the event");
    if (left === 2) await until(() => dataIn(stream.text).at(-1) === "for all", "the event");
    expect(watched.shop.hub.stats().closed).toEqual(left === 2 ? {} : { gone: 1 });
    expect(watched.handled()).toHaveLength(2);
  });
});
