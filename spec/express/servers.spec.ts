import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import https from "node:https";
import type { IncomingMessage } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { createHub, sse, type Connection, type Hub, type SseRequest } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { StreamReader } from "../support/open-stream.js";
import { selfSigned } from "../support/self-signed.js";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";

/** Listens on a free port until the end of the test, and gives the port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

function openHub(): Hub {
  const hub = createHub();
  onTestEnd(() => hub.close());
  return hub;
}

describe.each(EXPRESS_VERSIONS)("%s over TLS", (_version, express) => {
  function createApp(hub: Hub) {
    const app = express();
    app.use(sse({ hub, user: () => ({ login: "alice" }) }));
    app.get("/events", (req) => {
      req.sse.join();
    });
    return app as RequestListener;
  }

  async function open(port: number, ca: string): Promise<StreamReader> {
    const req = https.get({ port, host: "127.0.0.1", path: "/events", ca, agent: false });
    const [response] = (await once(req, "response")) as [IncomingMessage];
    const reader = new StreamReader(response, null);
    onTestEnd(() => {
      reader.close();
    });
    await reader.opened();
    return reader;
  }

  it("brings small and large events whole, and notices who leaves and who is reset", async () => {
    const hub = openHub();
    const identity = selfSigned();
    const server = https.createServer(identity, createApp(hub));
    const sockets: TLSSocket[] = [];
    server.on("secureConnection", (socket) => sockets.push(socket));
    const port = await listen(server);
    const [leaving, reset, staying] = [
      await open(port, identity.cert),
      await open(port, identity.cert),
      await open(port, identity.cert),
    ];
    const large = "x".repeat(900_000);
    void hub.broadcast("message", "hello", { login: "alice" });
    void hub.broadcast("message", large);
    for (const stream of [leaving, reset, staying]) {
      expect(await stream.nextData(2)).toEqual(["hello", large]);
    }
    leaving.close();
    sockets[1]?.destroy(new Error("reset"));
    await reset.closed;
    await until(() => hub.size === 1, "both have left");
    await hub.broadcast("message", "still here");
    expect(await staying.nextData()).toEqual(["still here"]);
    await hub.close();
    expect(await staying.closed).toBe("shutdown");
  });
});

describe("sse() as a handler by itself, without Express", () => {
  type Joining = IncomingMessage & { sse: SseRequest };

  /** A listener for any server of Node: `sse()`, and a stream for every request. */
  function createListener(hub: Hub, joined: Connection[] = []) {
    const handle = sse({ hub, user: () => ({ login: "alice" }) });
    return ((req, res) => {
      handle(req, res, () => {
        joined.push((req as Joining).sse.join());
      });
    }) as RequestListener;
  }

  it("works on Node's http server", async () => {
    const hub = openHub();
    const port = await listen(createServer(createListener(hub)));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await until(() => hub.size === 1, "it is there");
    await hub.broadcast("message", "hello", { login: "alice" });
    await hub.close();
    expect(await response.text()).toMatch(/event: message\ndata: hello\n\n/);
  });

  /** A stream of an HTTP/2 session. */
  async function request(
    session: ClientHttp2Session,
    headers: Record<string, string> = {},
  ): Promise<StreamReader> {
    const stream = session.request({ ":path": "/", ...headers });
    const [received] = (await once(stream, "response")) as [IncomingHttpHeaders];
    const message = Object.assign(stream, {
      statusCode: received[":status"],
      headers: Object.fromEntries(Object.entries(received)),
    });
    return new StreamReader(message as unknown as IncomingMessage, null);
  }

  describe.each(["without TLS", "with TLS"])("on Node's http2 server %s", (how) => {
    async function connect(hub: Hub, joined: Connection[] = []) {
      const identity = how === "with TLS" ? selfSigned() : null;
      const listener = createListener(hub, joined) as never;
      const server = identity
        ? http2.createSecureServer({ ...identity, allowHTTP1: true }, listener)
        : http2.createServer(listener);
      const port = await listen(server);
      const url = `${identity ? "https" : "http"}://127.0.0.1:${port}`;
      const session = http2.connect(url, identity ? { ca: identity.cert } : {});
      onTestEnd(() => {
        session.destroy();
      });
      return { session, port, ca: identity?.cert };
    }

    it("opens several streams of one session, and each leaves by itself [socket-9]", async () => {
      const hub = openHub();
      const { session } = await connect(hub);
      const streams = [await request(session), await request(session), await request(session)];
      for (const stream of streams) await stream.opened();
      await hub.broadcast("message", "hello", { login: "alice" });
      for (const stream of streams) expect(await stream.nextData()).toEqual(["hello"]);
      streams[0]?.close();
      await until(() => hub.size === 2, "one has left");
      await hub.broadcast("message", "x".repeat(900_000));
      for (const stream of streams.slice(1)) {
        expect((await stream.nextData())[0]).toHaveLength(900_000);
      }
      await hub.close();
      expect(await Promise.all(streams.slice(1).map(({ closed }) => closed))).toEqual([
        "shutdown",
        "shutdown",
      ]);
    });

    it("sends the headers of a stream, without those of HTTP/1, and for HEAD these alone", async () => {
      const hub = openHub();
      const joined: Connection[] = [];
      const { session } = await connect(hub, joined);
      const expected = {
        ":status": 200,
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        date: expect.any(String),
      };
      expect((await request(session)).headers).toEqual(expected);
      const head = await request(session, { ":method": "HEAD" });
      await head.closed;
      expect([head.headers, head.raw]).toEqual([expected, ""]);
      expect(joined.map(({ signal }) => signal.aborted)).toEqual([false, true]);
      expect(hub.size).toBe(1);
    });

    it("holds no queue for a reader that stalls, and loses nothing of what it missed", async () => {
      const hub = openHub();
      const { session } = await connect(hub);
      const [slow, quick] = [await request(session), await request(session)];
      await slow.opened();
      await quick.opened();
      slow.pause();
      const text = "x".repeat(50_000);
      const expected = Array.from({ length: 200 }, (_, n) => `${n} ${text}`);
      for (const data of expected) await hub.broadcast("message", data);
      expect(await quick.nextData(200)).toEqual(expected);
      expect(hub.stats().behind).toBe(1);
      slow.resume();
      expect(await slow.nextData(200)).toEqual(expected);
    });

    it("survives a session that goes away at once", async () => {
      const hub = openHub();
      const { session } = await connect(hub);
      const streams = [await request(session), await request(session)];
      for (const stream of streams) await stream.opened();
      for (let n = 0; n < 50; n += 1) void hub.broadcast("message", String(n));
      session.destroy();
      for (let n = 0; n < 50; n += 1) void hub.broadcast("message", String(n));
      await until(() => hub.size === 0, "all have left");
      expect(hub.stats().closed).toEqual({ gone: 2 });
    });
  });
});
