import { request } from "node:http";
import { EventEmitter, once } from "node:events";
import { setImmediate as nextTick } from "node:timers/promises";
import type { Connection, SseHubError } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { rawRequest } from "../support/raw-request.js";
import { EXPRESS_VERSIONS, Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };

describe.each(EXPRESS_VERSIONS)("req.sse on %s", (_version, express) => {
  it("sends status, headers, retry and a comment at once, then hub:open [origin-3]", async () => {
    const shop = await Shop.open({ express, hub: { retryMs: 1_234 } });
    const stream = await shop.stream();
    const { connection: id } = await stream.opened();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      connection: "close",
    });
    expect(Object.keys(stream.headers)).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/content-length|content-encoding|transfer-encoding/),
      ]),
    );
    expect(stream.raw).toBe(
      `retry: 1234\n:\nevent: hub:open\nid: ${stream.lastEventId}\n` +
        `data: {"connection":"${id}","recovered":null}\n\n`,
    );
    expect(id).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(stream.lastEventId).toMatch(/^[A-Za-z0-9_-]+\.0$/);
  });

  it("sends the first bytes before a slow user is known, and loses nothing broadcast meanwhile", async () => {
    let tell: (user: object) => void = () => undefined;
    const user = new Promise<object>((resolve) => (tell = resolve));
    const shop = await Shop.open({ express, sse: { user: () => user } });
    const stream = await shop.attempt();
    await stream.received(":\n");
    await shop.hub.broadcast("message", "for alice", { login: "alice" });
    await shop.hub.broadcast("message", "for bob", { login: "bob" });
    expect(stream.hubEvents).toEqual([]);
    tell(ALICE);
    await shop.hub.broadcast("message", "end");
    expect(await stream.nextData(2)).toEqual(["for alice", "end"]);
  });

  it("says retry: 0 and position 0 where these are meant [encoding-4]", async () => {
    const shop = await Shop.open({ express, hub: { retryMs: 0 } });
    const stream = await shop.stream();
    expect([stream.retryMs, stream.lastEventId]).toEqual([0, expect.stringMatching(/^\S+\.0$/)]);
  });

  it("gives the same connection for a second join, with the rooms added", async () => {
    const seen: Connection[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/twice", (req) => {
          seen.push(req.sse.join("red"), req.sse.join("blue"));
        });
      },
    });
    await shop.stream("/twice");
    expect(seen[0]).toBe(seen[1]);
    expect([...(seen[0]?.rooms ?? [])]).toEqual(["red", "blue"]);
    expect(shop.hub.size).toBe(1);
  });

  it("throws when the response has begun, and Express answers as for any error", async () => {
    const errors: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/late", (req, res) => {
          res.write("begun");
          try {
            req.sse.join();
          } catch (error) {
            errors.push((error as SseHubError).code);
          }
          res.end();
        });
      },
    });
    expect(await (await fetch(`${shop.url}/late`)).text()).toBe("begun");
    expect([errors, shop.hub.size]).toEqual([["ERR_SSE_HEADERS_SENT"], 0]);
  });

  it("lets a browser that left during an awaited lookup go, registering nothing [shared-1]", async () => {
    const joined: Connection[] = [];
    const arrived = new EventEmitter();
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/slow", async (req, res) => {
          arrived.emit("request");
          await once(res, "close");
          joined.push(req.sse.join());
        });
      },
    });
    const hasArrived = once(arrived, "request");
    const leaving = request(`${shop.url}/slow`)
      .on("error", () => undefined)
      .end();
    await hasArrived;
    leaving.destroy();
    await until(() => joined.length === 1, "the handler has joined");
    expect([shop.hub.size, joined[0]?.signal.aborted]).toEqual([0, true]);
    await expect(joined[0]?.opened).rejects.toThrow(
      expect.objectContaining({ code: "ERR_SSE_ENDED" }),
    );
  });

  it("answers HEAD with the headers alone [socket-2]", async () => {
    const joined: Connection[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/head", (req) => {
          joined.push(req.sse.join());
        });
      },
    });
    const res = await fetch(`${shop.url}/head`, { method: "HEAD" });
    expect([res.status, res.headers.get("content-type"), await res.text()]).toEqual([
      200,
      "text/event-stream",
      "",
    ]);
    expect([shop.hub.size, joined[0]?.signal.aborted]).toEqual([0, true]);
  });

  it.each(["POST", "PUT"])("streams to %s as well, without asking for Accept", async (method) => {
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.all("/any", (req) => {
          req.sse.join();
        });
      },
    });
    const stream = await shop.stream("/any", { method, headers: { Accept: "*/*" } });
    await shop.hub.broadcast("message", "hello");
    expect(await stream.nextData()).toEqual(["hello"]);
  });

  it("speaks HTTP/1.0 with the same bytes", async () => {
    const shop = await Shop.open({ express });
    const reader = await rawRequest(shop.url, "GET /events HTTP/1.0\r\n\r\n");
    await until(() => reader.text.includes("hub:open"), "hub:open");
    await shop.hub.broadcast("message", "hello");
    await until(() => reader.text.endsWith("data: hello\n\n"), "the event, unframed");
    expect(reader.text.split("\r\n\r\n", 2)[1]).toMatch(/^retry: \d+\n:\nevent: hub:open\n/);
  });

  it("registers only the first of many pipelined requests [socket-1]", async () => {
    const joined: Connection[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        // All of them are here before the first joins.
        app.get("/pipelined", async (req) => {
          await nextTick();
          joined.push(req.sse.join());
        });
      },
    });
    const one = "GET /pipelined HTTP/1.1\r\nHost: x\r\n\r\n";
    const reader = await rawRequest(shop.url, one.repeat(500));
    await until(() => joined.length >= 10, "the pipelined requests were handled");
    await until(() => reader.text.includes("hub:open"), "hub:open");
    await shop.hub.broadcast("message", "hello");
    await until(() => reader.text.endsWith("data: hello\n\n"), "the event");
    expect(joined.slice(1).every(({ signal }) => signal.aborted)).toBe(true);
    expect([shop.hub.size, reader.text.split("HTTP/1.1 200").length]).toEqual([1, 2]);
    reader.socket.destroy();
    await until(() => shop.hub.size === 0, "the one has left");
  });

  it("neither handles nor answers what comes on the socket of a stream", async () => {
    const handled: string[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.use((req, _res, next) => {
          handled.push(`${req.method} ${req.url}`);
          next();
        });
      },
    });
    const cookie = await shop.signIn({ login: "alice" });
    const head = `HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n`;
    const reader = await rawRequest(shop.url, `GET /events ${head}\r\n`);
    await until(() => reader.text.includes("hub:open"), "hub:open");
    const first = reader.text;
    reader.socket.write(`POST /logout ${head}Content-Length: 3\r\n\r\n{}\nGET /events ${head}\r\n`);
    const other = await shop.stream("/events", { cookie });
    await shop.hub.broadcast("message", "hello", { login: "alice" });
    expect(await other.nextData()).toEqual(["hello"]);
    await until(() => reader.text.endsWith("data: hello\n\n"), "the event");
    expect(handled).toEqual(["POST /login", "GET /events", "GET /events"]);
    expect(reader.text.replace(first, "")).toMatch(/^id: \S+\nevent: message\ndata: hello\n\n$/);
    expect([shop.hub.size, Object.keys(shop.stored)]).toEqual([2, [expect.any(String)]]);
  });

  it("closes the socket of a stream on which requests never end", async () => {
    const shop = await Shop.open({ express });
    const reader = await rawRequest(shop.url, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => reader.text.includes("hub:open"), "hub:open");
    const closed = once(reader.socket, "close");
    reader.socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_001));
    await closed;
    await until(() => shop.hub.size === 0, "the stream has ended");
    expect(reader.text.split("HTTP/1.1 200")).toHaveLength(2);
  });

  it("survives a browser that resets the connection while events flow", async () => {
    const shop = await Shop.open({ express });
    const healthy = await shop.stream();
    const reader = await rawRequest(shop.url, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => shop.hub.size === 2, "both are there");
    for (let n = 0; n < 50; n += 1) void shop.hub.broadcast("message", String(n));
    reader.socket.resetAndDestroy();
    for (let n = 50; n < 100; n += 1) void shop.hub.broadcast("message", String(n));
    expect(await healthy.nextData(100)).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    await until(() => shop.hub.size === 1, "the reset one is gone");
  });

  it("writes nothing after the handler ended the response itself [shared-2]", async () => {
    let connection: Connection | undefined;
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/ends", (req, res) => {
          connection = req.sse.join();
          res.end();
        });
      },
    });
    const stream = await shop.attempt("/ends");
    void shop.hub.broadcast("message", "x");
    expect(connection?.send("message", "x")).toBe(false);
    await stream.closed;
    await until(() => shop.hub.size === 0, "it is gone");
    expect(stream.pending).toEqual([]);
  });

  it("ends the stream with a word when the handler fails after join", async () => {
    const logged = jest.spyOn(console, "error").mockImplementation(() => undefined);
    onTestEnd(() => {
      logged.mockRestore();
    });
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/fails", (req, _res, next) => {
          req.sse.join();
          next(new Error("mine"));
        });
      },
    });
    for (const _again of [1, 2]) {
      const stream = await shop.attempt("/fails");
      expect(await stream.closed).toBe("error");
    }
    expect(shop.hub.size).toBe(0);
  });

  it("takes the cursor from the header before the query", async () => {
    const seen: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/cursor", (req, res) => {
          seen.push(req.sse.lastEventId);
          res.end();
        });
      },
    });
    await fetch(`${shop.url}/cursor`);
    await fetch(`${shop.url}/cursor?lastEventId=a.1`);
    await fetch(`${shop.url}/cursor?lastEventId=a.1`, { headers: { "Last-Event-ID": "b.2" } });
    await fetch(`${shop.url}/cursor?lastEventId=%ff%00&x=1`);
    expect(seen).toEqual([undefined, "a.1", "b.2", "\ufffd\0"]);
  });

  it("knows the page's own connection where the page names it", async () => {
    const seen: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app, hub) => {
        app.post("/say", async (req, res) => {
          seen.push(req.sse.connectionId);
          await hub.except(req.sse.connectionId).broadcast("message", "said");
          res.end();
        });
      },
    });
    const stream = await shop.stream();
    const { connection } = await stream.opened();
    const say = (headers = {}) => fetch(`${shop.url}/say`, { method: "POST", headers });
    await say({ "SSE-Connection": connection });
    await shop.hub.broadcast("message", "first");
    await say();
    await say({ "SSE-Connection": "" });
    expect(await stream.nextData(3)).toEqual(["first", "said", "said"]);
    expect(seen).toEqual([connection, undefined, undefined]);
  });

  it.each([[""], [7], [true]])("refuses the room %j", async (room) => {
    const codes: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.get("/room", (req, res) => {
          try {
            req.sse.join(room as string);
          } catch (error) {
            codes.push((error as SseHubError).code);
          }
          res.sendStatus(204);
        });
      },
    });
    await fetch(`${shop.url}/room`);
    expect(codes).toEqual(["ERR_SSE_ROOM"]);
  });
});

describe("a connection", () => {
  async function connectionOf(shop: Shop, path = "/events") {
    const stream = await shop.stream(path);
    await until(() => shop.hub.connections().length === 1, "it is there");
    return { stream, connection: shop.hub.connections()[0] as Connection };
  }

  it("sends to itself alone, without an id", async () => {
    const shop = await Shop.open();
    const { stream, connection } = await connectionOf(shop);
    const other = await shop.stream();
    await until(() => connection.send("note", { n: 1 }), "it is live");
    await shop.hub.broadcast("message", "end");
    expect(await stream.next()).toMatchObject({ event: "note", data: '{"n":1}' });
    expect(await other.nextData()).toEqual(["end"]);
    expect(() => connection.send("a\nb", 1)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FIELD" }),
    );
  });

  it("counts a room from the moment it is joined, and not after it is left", async () => {
    const shop = await Shop.open();
    const { stream, connection } = await connectionOf(shop);
    void shop.hub.to("red").broadcast("message", "before");
    connection.join("red");
    void shop.hub.to("red").broadcast("message", "in");
    void shop.hub.broadcast("message", "all");
    expect(await stream.nextData(2)).toEqual(["in", "all"]);
    connection.leave("red");
    void shop.hub.to("red").broadcast("message", "after");
    void shop.hub.broadcast("message", "end");
    expect(await stream.nextData()).toEqual(["end"]);
  });

  it("aborts its signal and rejects nothing that was open when it ends", async () => {
    const shop = await Shop.open();
    const { stream, connection } = await connectionOf(shop);
    const { signal } = connection;
    expect(await connection.opened).toEqual({ recovered: null });
    connection.close();
    connection.close();
    expect(signal.reason).toMatchObject({
      code: "ERR_SSE_ENDED",
      message: "The stream has ended (close).",
    });
    expect(await connection.opened).toEqual({ recovered: null });
    expect(await stream.closed).toBe("close");
    expect([connection.send("message", "x"), stream.pending]).toEqual([false, []]);
  });

  it("sends heartbeats: a comment, or its position as id when events went by that were not for it [origin-3]", async () => {
    const shop = await Shop.open({ hub: { heartbeatMs: 40 } });
    const { stream } = await connectionOf(shop);
    await stream.received(":\n:\n");
    const id = await shop.hub.to("elsewhere").broadcast("message", "x");
    await stream.hub("hub:tick");
    expect(stream.lastEventId).toBe(id);
    expect(stream.pending).toEqual([]);
  });

  it("joins more rooms than can be arguments of a call", async () => {
    const rooms = Array.from({ length: 200_000 }, (_, n) => String(n));
    const shop = await Shop.open({
      routes: (app) => {
        app.get("/many", (req) => {
          req.sse.join({ rooms });
          req.sse.join({ rooms: ["one more", ...rooms] });
        });
      },
    });
    const stream = await shop.stream("/many");
    await shop.hub.to("199999").broadcast("message", "last");
    await shop.hub.to("one more").broadcast("message", "more");
    expect(await stream.nextData(2)).toEqual(["last", "more"]);
  });
});
