import { once } from "node:events";
import type { Socket } from "node:net";
import type { ErrorRequestHandler } from "express";
import { memoryLog, type SseHubError } from "express-sse-hub";
import { rawRequest } from "./support/raw-request.js";
import { EXPRESS_VERSIONS, Shop, STALL_MS, until, type ShopOptions } from "./support/shop.js";

// What a hostile browser tried, and what it got.

const ALICE = { login: "alice", profile: "Administrator" };
const EVE = { login: "eve", profile: "Viewer" };

const json = (body: string) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body,
});

describe.each(EXPRESS_VERSIONS)("a hostile browser on %s", (_version, express) => {
  const handled: string[] = [];

  /** A shop that notes each request, and lets anybody send what they like. */
  async function open(options: ShopOptions = {}): Promise<Shop> {
    handled.length = 0;
    return Shop.open({
      express,
      before: (app) => {
        app.set("env", "test");
        app.use((req, _res, next) => {
          handled.push(`${req.method} ${req.url}`);
          next();
        });
      },
      routes: (app, hub) => {
        app.post("/send", (req, res) => {
          const { event = "message", data = "x", filter = null } = req.body as never;
          void (filter === null ? hub.broadcast(event, data) : hub.broadcast(event, data, filter));
          res.sendStatus(202);
        });
        app.use(((error: SseHubError, _req, res, _next) => {
          res.status(500).send(`${error.name} ${error.code}`);
        }) as ErrorRequestHandler);
      },
      ...options,
    });
  }

  /** Everybody still gets what is for them, and nobody is left that should not be. */
  async function expectUnharmed(shop: Shop, size = 0): Promise<void> {
    await until(() => shop.hub.size === size, "only honest connections are left");
    const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    await shop.hub.broadcast("message", "for alice", { login: "alice" });
    expect((await stream.next()).data).toBe("for alice");
    expect([shop.hub.size, Object.keys(Object.prototype)]).toEqual([size + 1, []]);
  }

  describe("with a forged Last-Event-ID", () => {
    async function openWithSecrets() {
      const log = memoryLog();
      const shop = await open({ hub: { log } });
      const cookie = await shop.signIn(EVE);
      await shop.signIn(ALICE);
      void shop.hub.broadcast("message", "secret", { profile: "Administrator" });
      void shop.hub.to("board").broadcast("message", "secret of a room");
      void shop.hub.broadcast("message", "secret", ({ user }) => user?.login === "alice");
      await shop.hub.broadcast("message", "for all");
      return { shop, cookie, log };
    }

    it("gets of the past what its own user may see, however far back it asks", async () => {
      const { shop, cookie, log } = await openWithSecrets();
      const stream = await shop.stream("/events", { cookie, lastEventId: `${log.epoch}.0` });
      await shop.hub.broadcast("message", "live");
      expect(await stream.opened()).toMatchObject({ recovered: true });
      expect(await stream.nextData(2)).toEqual(["for all", "live"]);
    });

    it.each([
      ["from the future", (epoch: string) => `${epoch}.5`],
      ["of a negative position", (epoch: string) => `${epoch}.-1`],
      ["beyond what a number holds", (epoch: string) => `${epoch}.9007199254740993`],
      ["with a fraction", (epoch: string) => `${epoch}.0.5`],
      ["with an exponent", (epoch: string) => `${epoch}.0e0`],
      ["of another hub", () => "AAAAAAAA.0"],
      ["with fields of its own", (epoch: string) => `${epoch}.0\ndata: forged`],
      ["of 12 000 characters", (epoch: string) => `${epoch}.${"0".repeat(12_000)}`],
      ["in words", () => "__proto__"],
      ["in another script", () => "ключ.0"],
    ])(
      "is told that a cursor %s cannot be continued, and gets nothing old",
      async (_what, forge) => {
        const { shop, cookie, log } = await openWithSecrets();
        const forged = forge(log.epoch);
        const query = `/events?lastEventId=${encodeURIComponent(forged)}`;
        const streams = [await shop.stream(query, { cookie })];
        // What Node's client refuses to put into a header, a raw socket sends in another spec.
        if (/^[\x20-\x7e]*$/.test(forged)) {
          streams.push(await shop.stream("/events", { cookie, lastEventId: forged }));
        }
        await shop.hub.broadcast("message", "live");
        for (const stream of streams) {
          expect(await stream.opened()).toMatchObject({ recovered: false });
          expect((await stream.hub("hub:open")).id).toBe(`${log.epoch}.4`);
          expect(await stream.nextData()).toEqual(["live"]);
        }
      },
    );

    it("gets 431 for a header above what Node takes, and nothing is opened", async () => {
      const shop = await open();
      const reader = await rawRequest(
        shop.url,
        `GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: ${"x".repeat(20_000)}\r\n\r\n`,
      );
      await once(reader.socket, "close");
      expect(reader.text.split("\r\n", 1)).toEqual([
        "HTTP/1.1 431 Request Header Fields Too Large",
      ]);
      expect(handled).toEqual([]);
      await expectUnharmed(shop);
    });

    it("gets a verdict for several of them at once, and for bytes that are no text", async () => {
      const shop = await open();
      for (const forged of ["a.1\r\nLast-Event-ID: b.2", "\xff\xfe\x80", "\t", '"', "a\tb"]) {
        const reader = await rawRequest(shop.url, "");
        reader.socket.write(
          Buffer.from(
            `GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: ${forged}\r\n\r\n`,
            "latin1",
          ),
        );
        await until(() => reader.text.includes("hub:open"), "hub:open");
        expect(reader.text).toMatch(/"recovered":(null|false,"reason":"unknown")}\n\n$/);
        reader.socket.destroy();
      }
      await expectUnharmed(shop);
    });
  });

  describe("with cookies of its own making", () => {
    it.each([
      ["nothing but signs", "=;;=;,=,;==;"],
      ["half an escape", "connect.sid=s%3A%"],
      ["a session without signature", "connect.sid=s:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
      ["a session signed by itself", "connect.sid=s:../../etc/passwd.c2lnbmF0dXJl"],
      ["__proto__", "__proto__=1; connect.sid=s:__proto__.x; constructor=2"],
      ["8 000 characters", `connect.sid=s%3A${"x".repeat(8_000)}`],
      ["two thousand cookies", "a=b; ".repeat(2_000)],
    ])("is nobody: %s", async (_what, cookie) => {
      const shop = await open();
      const honest = await shop.signIn(ALICE);
      const stream = await shop.stream("/events", { cookie });
      await shop.hub.broadcast("message", "secret", { login: { $exists: true } });
      await shop.hub.broadcast("message", "for all");
      expect(await stream.nextData()).toEqual(["for all"]);
      expect((await fetch(`${shop.url}/private`, { headers: { cookie } })).status).toBe(401);
      const [connection] = shop.hub.connections();
      expect([connection?.user, honest.length > 0]).toEqual([undefined, true]);
      await expectUnharmed(shop, 1);
    });

    it("is nobody with the cookie of another, changed by one character", async () => {
      const shop = await open();
      const cookie = await shop.signIn(ALICE);
      const last = cookie.at(-1) === "A" ? "B" : "A";
      const stream = await shop.stream("/events", { cookie: cookie.slice(0, -2) + last });
      await shop.hub.broadcast("message", "secret", { login: "alice" });
      await shop.hub.broadcast("message", "for all");
      expect(await stream.nextData()).toEqual(["for all"]);
    });
  });

  describe("on raw sockets", () => {
    const GET = "GET /events HTTP/1.1\r\nHost: x\r\n";

    it("opens many streams and resets them at once, while others go on", async () => {
      const shop = await open();
      const honest = await shop.stream();
      for (let round = 0; round < 3; round += 1) {
        const readers = await Promise.all(
          Array.from({ length: 100 }, () => rawRequest(shop.url, `${GET}\r\n`)),
        );
        void shop.hub.broadcast("message", `round ${round}`);
        for (const { socket } of readers) socket.resetAndDestroy();
        void shop.hub.broadcast("message", `after round ${round}`);
      }
      expect(await honest.nextData(6)).toEqual(
        [0, 1, 2].flatMap((round) => [`round ${round}`, `after round ${round}`]),
      );
      await expectUnharmed(shop, 1);
    });

    it("sends halves of requests, which open nothing and hold nobody up", async () => {
      const shop = await open();
      const halves = ["G", "GET /events", GET, `${GET}Cookie: `, `${GET}X: ${"x".repeat(9_000)}`];
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => rawRequest(shop.url, halves[n % 5] as string)),
      );
      await expectUnharmed(shop);
      expect(handled).toEqual(["POST /login", "GET /events"]);
    });

    it.each<[string, string]>([
      ["a body by length", `${GET}Content-Length: LENGTH\r\n\r\nINNER`],
      ["a body in chunks", `${GET}Transfer-Encoding: chunked\r\n\r\nHEX\r\nINNER\r\n0\r\n\r\n`],
    ])("hides a request in %s, which is read by nobody", async (_what, template) => {
      const shop = await open();
      const cookie = await shop.signIn(ALICE);
      const inner = `POST /logout HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n\r\n`;
      const reader = await rawRequest(
        shop.url,
        template
          .replace("LENGTH", String(inner.length))
          .replace("HEX", inner.length.toString(16))
          .replace("INNER", inner),
      );
      await until(() => reader.text.includes("hub:open"), "hub:open");
      await expectUnharmed(shop, 1);
      expect(handled).toEqual(["POST /login", "GET /events", "POST /login", "GET /events"]);
      expect(Object.keys(shop.stored)).toHaveLength(2);
      reader.socket.destroy();
    });

    it.each<[string, string]>([
      ["length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"],
      ["two lengths", "Content-Length: 4\r\nContent-Length: 5\r\n"],
      ["an encoding nobody knows", "Transfer-Encoding: chunked, identity\r\n"],
      ["a length in hex", "Content-Length: 0x4\r\n"],
      ["a space before the colon", "Content-Length : 4\r\n"],
      ["a NUL in a header", "X: a\0b\r\n"],
      ["a lone CR in a header", "X: a\rb\r\n"],
    ])("gets 400 for a head with %s", async (_what, header) => {
      const shop = await open();
      const reader = await rawRequest(shop.url, `${GET}${header}\r\n0\r\n\r\n`);
      await once(reader.socket, "close");
      expect(reader.text.split("\r\n", 1)).toEqual(["HTTP/1.1 400 Bad Request"]);
      expect(handled).toEqual([]);
      await expectUnharmed(shop);
    });

    it.each<[string, string]>([
      ["what is no HTTP", "\0\0\0 not HTTP at all \r\n\r\n"],
      ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00"],
      ["events of its own", "event: admin\ndata: forged\n\n"],
      ["an upgrade", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
    ])("sends %s after its stream began, which reaches nobody", async (_what, bytes) => {
      const shop = await open();
      const honest = await shop.stream();
      const reader = await rawRequest(shop.url, `${GET}\r\n`);
      await until(() => reader.text.includes("hub:open"), "hub:open");
      const before = reader.text;
      reader.socket.write(Buffer.from(bytes, "latin1"));
      const other = await shop.stream();
      await shop.hub.broadcast("message", "for all");
      for (const stream of [honest, other]) expect(await stream.nextData()).toEqual(["for all"]);
      expect(reader.text.slice(before.length)).toMatch(
        /^(id: \S+\nevent: message\ndata: for all\n\n)?$/,
      );
      expect(honest.raw + other.raw).not.toMatch(/forged|HTTP|\0/);
      reader.socket.destroy();
      await expectUnharmed(shop, 2);
    });

    it("asks for another protocol with its stream, and gets the stream", async () => {
      const shop = await open();
      const upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
      const reader = await rawRequest(shop.url, `${GET}${upgrade}\r\n`);
      await until(() => reader.text.includes("hub:open"), "hub:open");
      expect(reader.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      reader.socket.destroy();
      await expectUnharmed(shop);
    });
  });

  describe("with words of its own in the address", () => {
    it.each([
      ["line breaks and a header", "a\r\nSet-Cookie: admin=1\r\n\r\nevent: admin\ndata: x\n\n"],
      ["__proto__", "__proto__"],
      ["constructor", "constructor"],
      ["a NUL", "a\0b"],
      ["4 000 characters", "x".repeat(4_000)],
      ["dots and slashes", "../../events"],
    ])("names a room of %s, which is a room as any other", async (_what, room) => {
      const shop = await open();
      const stream = await shop.stream(`/rooms/${encodeURIComponent(room)}`);
      const stranger = await shop.stream("/rooms/other");
      await shop.hub.to(room).broadcast("message", "for the room");
      await shop.hub.broadcast("message", "for all");
      expect(await stream.nextData(2)).toEqual(["for the room", "for all"]);
      expect(await stranger.nextData()).toEqual(["for all"]);
      expect(Object.keys(stream.headers).sort()).toEqual(Object.keys(stranger.headers).sort());
      expect(stream.raw).not.toMatch(/admin/);
      expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
    });

    it.each(["/rooms/%", "/rooms/%ff", "/rooms/%c0%ae", "/%00%"])(
      "gets an error for %s, and nothing is opened",
      async (path) => {
        const shop = await open();
        const reader = await rawRequest(
          shop.url,
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        await once(reader.socket, "close");
        expect(reader.text.split("\r\n", 1)).toEqual([
          expect.stringMatching(/^HTTP\/1\.1 (400|404|500) /),
        ]);
        await expectUnharmed(shop);
      },
    );

    it("cannot choose the id of its connection [filter-4]", async () => {
      const shop = await open();
      const victim = await shop.stream();
      const { connection: id } = await victim.opened();
      const headers = { "X-Connection": id, Connection: "close" };
      const stream = await shop.stream(`/events?connection=${id}&id=${id}&uid=${id}`, { headers });
      expect((await stream.opened()).connection).not.toBe(id);
      await shop.hub.except(id).broadcast("message", "not for the victim");
      await shop.hub.broadcast("message", "for all");
      expect(await stream.nextData(2)).toEqual(["not for the victim", "for all"]);
      expect(await victim.nextData()).toEqual(["for all"]);
    });
  });

  describe("with JSON that becomes a matcher, a name or a user", () => {
    const nested = (key: string, depth: number) =>
      `{"a":${`{"${key}":`.repeat(depth)}{"$gt":1}${"}".repeat(depth)}}`;
    const lists = (depth: number) => `${'{"$and":['.repeat(depth)}{"a":1}${"]}".repeat(depth)}`;

    it.each([
      ["__proto__", '{"__proto__":{"login":"eve"}}'],
      ["__proto__ beside a field", '{"login":"eve","__proto__":{"$exists":true}}'],
      ["__proto__ in a path", '{"login.__proto__.x":{"$exists":false}}'],
      ["constructor.prototype", '{"constructor":{"prototype":{"isAdmin":true}}}'],
      ["constructor in a path", '{"constructor.name":"Object"}'],
      ["__proto__ as operator", '{"login":{"__proto__":{"$ne":1}}}'],
      ["code", '{"$where":"process.exit(1)"}'],
      ["code under a field", '{"login":{"$where":"process.exit(1)"}}'],
      ["a pattern", '{"login":{"$regex":"(a+)+$"}}'],
      ["nothing", "{}"],
      ["a list", '[{"login":"eve"}]'],
      ["true", "true"],
      ["$not in $not, 9 000 times", nested("$not", 9_000)],
      ["$and in $and, 9 000 times", lists(9_000)],
      ["a path of 40 000 names", `{"${"a.".repeat(40_000)}a":1}`],
    ])("reaches nobody by a matcher of %s [filter-2]", async (_what, filter) => {
      const shop = await open();
      const alice = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
      const response = await fetch(`${shop.url}/send`, json(`{"filter":${filter}}`));
      expect([response.status, await response.text()]).toEqual([
        500,
        "SseHubTypeError ERR_SSE_FILTER",
      ]);
      await shop.hub.broadcast("message", "for all");
      expect(await alice.nextData()).toEqual(["for all"]);
      await expectUnharmed(shop, 1);
    });

    it.each([
      ["a line break and a field", "x\ndata: forged"],
      ["a CR", "x\rdata: forged"],
      ["a NUL", "x\0"],
      ["half a character", "\ud800"],
      ["nothing", ""],
      ["the hub's prefix", "hub:end"],
      ["error", "error"],
      ["a list", ["message"]],
      ["an object", { toString: "message" }],
    ])("sends no event whose name is %s [encoding-1]", async (_what, event) => {
      const shop = await open();
      const stream = await shop.stream();
      const response = await fetch(`${shop.url}/send`, json(JSON.stringify({ event })));
      expect([response.status, await response.text()]).toEqual([
        500,
        "SseHubTypeError ERR_SSE_FIELD",
      ]);
      await shop.hub.broadcast("message", "for all");
      expect(await stream.nextData()).toEqual(["for all"]);
      expect(stream.raw).not.toContain("forged");
    });

    it.each(["__proto__", "constructor", "toString", " event: x", ":", "id", "retry", "data"])(
      "sends the event %j as that and nothing else",
      async (event) => {
        const shop = await open();
        const stream = await shop.stream();
        const before = stream.lastEventId;
        await fetch(`${shop.url}/send`, json(JSON.stringify({ event, data: "id: 9\nretry: 0" })));
        expect(await stream.next()).toEqual({
          event,
          data: "id: 9\nretry: 0",
          id: before?.replace(".0", ".1"),
        });
        expect(stream.retryMs).toBeGreaterThanOrEqual(1_000);
      },
    );

    it("is no administrator by a user object with a prototype in it", async () => {
      const shop = await open();
      const login = '{"login":"eve","__proto__":{"profile":"Administrator"}}';
      const { headers } = await fetch(`${shop.url}/login`, json(login));
      const cookie = String(headers.get("set-cookie")).split(";", 1).join();
      const stream = await shop.stream("/events", { cookie });
      const isAdmin = { profile: "Administrator" };
      void shop.hub.broadcast("message", "secret", isAdmin);
      void shop.hub.broadcast("message", "secret", ({ user }) => user?.profile !== undefined);
      void shop.hub.broadcast("message", "for eve", { login: "eve" });
      expect(await stream.nextData()).toEqual(["for eve"]);
      await expectUnharmed(shop, 1);
    });
  });

  describe("that reads slowly or not at all", () => {
    const TEXT = "x".repeat(50_000);

    it("costs a bounded queue each, and the others nothing [shared-3]", async () => {
      const shop = await open();
      const sockets: Socket[] = [];
      shop.server.on("connection", (socket) => sockets.push(socket));
      const stalled = await Promise.all(
        Array.from({ length: 20 }, () => shop.stream("/rooms/red")),
      );
      for (const stream of stalled) stream.pause();
      const honest = await shop.stream();
      const sent = Array.from({ length: 300 }, (_, n) => `${n} ${TEXT}`);
      for (const data of sent) {
        await shop.hub.broadcast("message", data);
        expect(await honest.nextData()).toEqual([data]);
      }
      expect(shop.hub.stats()).toMatchObject({ connections: 21, behind: 20 });
      const queued = sockets.map((socket) => socket.writableLength);
      expect(Math.max(...queued)).toBeLessThan(300_000);
    });

    it("is closed after stallMs without a byte taken, and goes on where it was", async () => {
      const shop = await open({ hub: { stallMs: STALL_MS } });
      const stalled = await shop.stream();
      stalled.pause();
      const sent = Array.from({ length: 200 }, (_, n) => `${n} ${TEXT}`);
      for (const data of sent) void shop.hub.broadcast("message", data);
      await until(() => shop.hub.stats().closed.slow === 1, "it is closed");
      stalled.resume();
      await stalled.closed;
      const got = stalled.pending.map(({ data }) => data);
      const again = await shop.stream("/events", { lastEventId: stalled.lastEventId });
      expect(got.concat(await again.nextData(200 - got.length))).toEqual(sent);
      await expectUnharmed(shop, 1);
    });
  });
});
