import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { createGunzip, createGzip } from "node:zlib";
import type { RequestHandler, Response } from "express";
import compression from "compression";
import { requireUser, type Connection } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { rawRequest } from "../support/raw-request.js";
import { EXPRESS_VERSIONS, Shop, until, type ShopOptions } from "../support/shop.js";

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** The body of what came back, or nothing before its head is whole. */
const bodyOf = (text: string) => text.split("\r\n\r\n").slice(1).join("\r\n\r\n");

type Write = (chunk: Buffer | string, ...rest: unknown[]) => boolean;

/** Puts a wrapper around `res.write`, as middleware does that looks at the body. */
function wrapWrite(res: Response, wrapper: (write: Write, ...args: Parameters<Write>) => boolean) {
  const write = res.write.bind(res) as Write;
  res.write = ((...args: Parameters<Write>) => wrapper(write, ...args)) as typeof res.write;
}

describe.each(EXPRESS_VERSIONS)("a response on %s", (_version, express) => {
  /** A shop with a middleware before everything that is called for /events alone. */
  const openWith = (handler: RequestHandler, options: ShopOptions = {}) =>
    Shop.open({
      express,
      ...options,
      before: (app) => {
        app.use("/events", handler);
      },
    });

  describe("that has gone", () => {
    it.each<[string, (res: Response) => void]>([
      ["ended it", (res) => res.end("done")],
      ["begun it", (res) => res.write("begun")],
      ["fixed its headers", (res) => void res.writeHead(204)],
    ])("is refused with an error when somebody has %s", async (_what, answer) => {
      const errors: unknown[] = [];
      const shop = await Shop.open({
        express,
        routes: (app) => {
          app.get("/answered", (req, res) => {
            answer(res);
            try {
              req.sse.join();
            } catch (error) {
              errors.push((error as { code?: unknown }).code);
            }
            res.end();
          });
        },
      });
      const healthy = await shop.stream();
      await (await fetch(`${shop.url}/answered`)).text();
      await shop.hub.broadcast("message", "still here");
      expect([errors, shop.hub.size]).toEqual([["ERR_SSE_HEADERS_SENT"], 1]);
      expect(await healthy.nextData()).toEqual(["still here"]);
    });

    it.each<[string, (res: Response) => void]>([
      ["destroyed the response", (res) => res.destroy()],
      ["destroyed the request", (res) => res.req.destroy()],
      ["reset the socket", (res) => res.socket?.resetAndDestroy()],
    ])("gives an ended connection when somebody has %s", async (_what, leave) => {
      const joined: Connection[] = [];
      const shop = await Shop.open({
        express,
        routes: (app) => {
          app.get("/left", (req, res) => {
            leave(res);
            joined.push(req.sse.join("red"));
          });
        },
      });
      const healthy = await shop.stream();
      await rawRequest(shop.url, GET("/left"));
      await until(() => joined.length === 1, "the handler has joined");
      await shop.hub.broadcast("message", "still here");
      expect([joined[0]?.signal.aborted, joined[0]?.send("message", "x")]).toEqual([true, false]);
      expect(await healthy.nextData()).toEqual(["still here"]);
      await until(() => shop.hub.size === 1, "only the healthy one is left");
    });

    it("is let go when its browser leaves while the session made for it is saved [shared-1]", async () => {
      const shop = await Shop.open({ express, session: { saveUninitialized: true } });
      const set = shop.store.set.bind(shop.store);
      const told: string[] = [];
      shop.hub.on("join", () => told.push("join"));
      let finish: (() => void) | undefined;
      shop.store.set = (...args) => {
        finish = () => {
          set(...args);
        };
      };
      const accepted = once(shop.server, "connection") as Promise<[Socket]>;
      const reader = await rawRequest(shop.url, GET("/events"));
      await until(() => finish !== undefined, "the session is being saved");
      const [connection] = shop.hub.connections() as [Connection];
      const [socket] = await accepted;
      reader.socket.destroy();
      await once(socket, "close");
      finish?.();
      await expect(connection.opened).rejects.toThrow("gone");
      expect([shop.hub.size, connection.signal.aborted, told]).toEqual([0, true, []]);
    });

    it("leaves its place to others when its browser leaves before the user is known", async () => {
      const asked: Array<(user: object) => void> = [];
      const user = () => new Promise<object>((tell) => asked.push(tell));
      const shop = await Shop.open({ express, sse: { user }, hub: { limits: { perUser: 1 } } });
      const first = await shop.attempt();
      await first.received(":\n");
      first.close();
      await until(() => shop.hub.size === 0, "the browser has left");
      asked[0]?.({ login: "alice" });
      const second = shop.stream();
      await until(() => asked.length === 2, "the second is asked for");
      asked[1]?.({ login: "alice" });
      await second;
      expect([shop.hub.size, shop.hub.stats().closed]).toEqual([1, { gone: 1 }]);
    });

    it("is refused quietly where the session store is away and somebody has answered already", async () => {
      const errors: string[] = [];
      const shop = await Shop.open({
        express,
        routes: (app) => {
          app.get(
            "/answered",
            (_req, res, next) => {
              res.end("done");
              next();
            },
            requireUser(),
          );
        },
      });
      shop.hub.on("error", ({ code }) => errors.push(code));
      await shop.stream();
      shop.store.emit("disconnect");
      const headers = { Accept: "text/event-stream" };
      expect(await (await fetch(`${shop.url}/answered`, { headers })).text()).toBe("done");
      await until(() => errors.length > 0, "the store's trouble is told");
      expect([errors, shop.hub.size]).toEqual([["ERR_SSE_STORE"], 1]);
    });

    it("stays with whoever has begun it when a guard puts the stream off", async () => {
      let finish: (() => void) | undefined;
      const shop = await Shop.open({
        express,
        routes: (app) => {
          app.get(
            "/begun",
            (_req, res, next) => {
              res.write("begun, ");
              finish = () => res.end("done");
              next();
            },
            requireUser(),
          );
        },
      });
      shop.hub.on("error", () => undefined);
      await shop.stream();
      shop.store.emit("disconnect");
      const answer = fetch(`${shop.url}/begun`, { headers: { Accept: "text/event-stream" } });
      await until(() => finish !== undefined, "it has begun");
      const answered = await answer;
      await shop.hub.close({ timeoutMs: 1 });
      finish?.();
      expect(await answered.text()).toBe("begun, done");
    });

    it("is noticed to have gone behind a body that nobody reads", async () => {
      const shop = await Shop.open({ express, hub: { heartbeatMs: null } });
      const body = "x".repeat(1_000_000);
      const reader = await rawRequest(
        shop.url,
        `GET /events HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await until(() => reader.text.includes("hub:open"), "hub:open");
      reader.socket.end();
      await until(() => shop.hub.size === 0, "the browser has left");
      expect(shop.hub.stats().closed).toEqual({ gone: 1 });
    });
  });

  describe("that somebody wraps", () => {
    it("has each of its bytes counted by middleware that counts in write", async () => {
      let counted = 0;
      const shop = await openWith((_req, res, next) => {
        wrapWrite(res, (write, chunk, ...rest) => {
          counted += Buffer.byteLength(chunk);
          return write(chunk, ...rest);
        });
        const end = res.end.bind(res) as (...args: unknown[]) => Response;
        res.end = ((chunk?: unknown, ...rest: unknown[]) => {
          if (typeof chunk === "string") counted += Buffer.byteLength(chunk);
          return end(chunk, ...rest);
        }) as typeof res.end;
        next();
      });
      const stream = await shop.stream();
      await shop.hub.broadcast("message", "x".repeat(200_000));
      await shop.hub.broadcast("message", "ünïcödé");
      await stream.nextData(2);
      await shop.hub.close();
      await stream.closed;
      expect([stream.endReason, counted]).toEqual(["shutdown", Buffer.byteLength(stream.raw)]);
    });

    it("keeps head and events in order where write is held back", async () => {
      const shop = await openWith((_req, res, next) => {
        wrapWrite(res, (write, ...args) => {
          setTimeout(() => write(...args), 5);
          return true;
        });
        next();
      });
      const reader = await rawRequest(shop.url, GET("/events"));
      await until(() => shop.hub.size === 1, "it is there");
      for (const n of [1, 2, 3]) await shop.hub.broadcast("message", String(n));
      await until(() => reader.text.endsWith("data: 3\n\n"), "the events");
      expect(reader.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(bodyOf(reader.text)).toMatch(/^retry: \d+\n:\nevent: hub:open\n[^]*data: 1\n\n/);
    });

    it("costs nobody but itself where write throws", async () => {
      let calls = 0;
      const shop = await openWith((_req, res, next) => {
        wrapWrite(res, (write, ...args) => {
          if (++calls > 1) throw new Error("mine");
          return write(...args);
        });
        next();
      });
      const doomed = await shop.stream();
      const healthy = [await shop.stream("/rooms/red"), await shop.stream("/rooms/red")];
      for (const n of [1, 2]) await shop.hub.broadcast("message", String(n));
      for (const stream of healthy) expect(await stream.nextData(2)).toEqual(["1", "2"]);
      await doomed.closed;
      expect([doomed.pending, shop.hub.size]).toEqual([[], 2]);
    });

    it("costs nobody but itself where end throws", async () => {
      const shop = await openWith((_req, res, next) => {
        next();
        res.end = () => {
          throw new Error("mine");
        };
      });
      const [doomed, healthy] = [await shop.stream(), await shop.stream("/rooms/red")];
      await shop.hub.close();
      await doomed.closed;
      expect([await healthy.closed, shop.hub.size]).toEqual(["shutdown", 0]);
    });

    it("is left to whoever encodes it, its Content-Encoding with it", async () => {
      const shop = await openWith((_req, res, next) => {
        const gzip = createGzip();
        res.setHeader("Content-Encoding", "gzip");
        wrapWrite(res, (write, ...args) => {
          gzip.write(args[0]);
          gzip.flush();
          gzip.removeAllListeners("data").on("data", (bytes: Buffer) => write(bytes));
          return true;
        });
        next();
      });
      const req = request(`${shop.url}/events`, { agent: false }).end();
      onTestEnd(() => req.destroy());
      const [response] = (await once(req, "response")) as [IncomingMessage];
      let text = "";
      response.pipe(createGunzip()).on("data", (bytes: Buffer) => (text += bytes.toString()));
      await until(() => text.includes("hub:open"), "hub:open");
      await shop.hub.broadcast("message", "hello");
      await until(() => text.endsWith("data: hello\n\n"), "the event");
      expect(response.headers["content-encoding"]).toBe("gzip");
    });
  });

  describe("that somebody has put headers on", () => {
    it("says nothing of an encoding that nobody does", async () => {
      const shop = await openWith((_req, res, next) => {
        res.setHeader("Content-Encoding", "br");
        next();
      });
      const stream = await shop.stream();
      await shop.hub.broadcast("message", "hello");
      expect(await stream.nextData()).toEqual(["hello"]);
      expect(stream.headers["content-encoding"]).toBeUndefined();
    });

    it("is a stream all the same", async () => {
      const shop = await openWith((_req, res, next) => {
        res.status(404).set({
          "Content-Type": "text/html; charset=latin1",
          "Content-Length": "3",
          "Cache-Control": "public, max-age=31536000",
          "Transfer-Encoding": "chunked",
          Trailer: "Server-Timing",
          ETag: '"x"',
          "Last-Modified": new Date(0).toUTCString(),
          "X-Accel-Buffering": "yes",
          "X-Mine": "kept",
        });
        next();
      });
      const stream = await shop.stream();
      await shop.hub.broadcast("message", "hello");
      expect(await stream.nextData()).toEqual(["hello"]);
      const { date: _date, "x-powered-by": _by, ...headers } = stream.headers;
      expect([stream.status, headers]).toEqual([
        200,
        {
          "content-type": "text/event-stream",
          "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
          "x-content-type-options": "nosniff",
          "x-mine": "kept",
          connection: "close",
        },
      ]);
    });
  });

  describe.each([
    ["takes gzip", "gzip", "gzip"],
    ["takes nothing but plain text", "identity", null],
  ])("behind compression(), to a browser that %s", (_what, encodings, compressed) => {
    const headers = { "Accept-Encoding": encodings };

    it("brings first bytes and events at once, as they are [socket-4]", async () => {
      const compress = compression({ threshold: 0, filter: () => true });
      const shop = await openWith(compress);
      const stream = await shop.stream("/events", { headers });
      for (const n of [1, 2, 3]) {
        await shop.hub.broadcast("message", String(n));
        expect(await stream.nextData()).toEqual([String(n)]);
      }
      expect(stream.headers["content-encoding"]).toBeUndefined();
      await shop.hub.close();
      expect(await stream.closed).toBe("shutdown");
    });

    it("still compresses what is no stream", async () => {
      const shop = await Shop.open({
        express,
        before: (app) => {
          app.use(compression({ threshold: 0 }));
          app.get("/text", (_req, res) => {
            res.type("text/plain").send("x".repeat(1_000));
          });
        },
      });
      const res = await fetch(`${shop.url}/text`, { headers });
      expect([await res.text(), res.headers.get("content-encoding")]).toEqual([
        "x".repeat(1_000),
        compressed,
      ]);
    });
  });

  it("ends by the end of the connection for HTTP/1.0 that would keep it", async () => {
    const shop = await Shop.open({ express });
    const reader = await rawRequest(
      shop.url,
      "GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    );
    await until(() => reader.text.includes("hub:open"), "hub:open");
    const closed = once(reader.socket, "close");
    await shop.hub.close();
    await closed;
    const [head = ""] = reader.text.split("\r\n\r\n", 1);
    expect(head.toLowerCase().split("\r\n")).toEqual(
      expect.arrayContaining(["http/1.1 200 ok", "connection: close"]),
    );
    expect(head.toLowerCase()).not.toMatch(/keep-alive|content-length|transfer-encoding/);
    expect(reader.text.endsWith('data: {"reason":"shutdown"}\n\n')).toBe(true);
  });
});
