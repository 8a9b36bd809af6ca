import { once } from "node:events";
import type { ServerResponse } from "node:http";
import http2, { type ClientHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Request, Response } from "express";
import compression from "compression";
import { sse, type Hub } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { EXPRESS_VERSIONS, Shop, until } from "../support/shop.js";
import {
  dataIn,
  GET,
  isReleased,
  openRaw,
  openWatchedShop,
  type WatchedShop,
} from "../support/watched-shop.js";

type Listener = (...args: unknown[]) => void;

/** Does something to a request before its stream begins; may give a function that undoes it. */
type Obstacle = (req: Request, res: Response, hub: Hub) => unknown;

const listenersOf = (socket: Socket, event: string, name: RegExp) =>
  (socket.listeners(event) as Listener[]).filter((listener) => name.test(listener.name));

// As another version of Node might have it: the same, by a name that is not known.
function renameListener(event: string): [string, Obstacle] {
  const rename: Obstacle = ({ socket }) => {
    for (const listener of listenersOf(socket, event, /^(bound )?(socketOn|onSocket)/)) {
      socket.removeListener(event, listener);
      socket.on(event, (...args: unknown[]) => {
        Reflect.apply(listener, socket, args);
      });
    }
  };
  return [`Node listens to ${event} by another name`, rename];
}

function hide(name: string, of: (req: Request, res: Response) => object): [string, Obstacle] {
  const hideIt: Obstacle = (req, res) => {
    const owner = of(req, res) as Record<string, unknown>;
    owner[name] = undefined;
    return () => Reflect.deleteProperty(owner, name);
  };
  return [`Node has no ${name}()`, hideIt];
}

const parserOf = ({ socket }: Request) => (socket as unknown as { parser: object }).parser;
const SOCKET_EVENTS = ["data", "end", "close", "drain", "error", "timeout", "resume", "pause"];

const OBSTACLES: Array<[what: string, obstacle: Obstacle]> = [
  ...SOCKET_EVENTS.map(renameListener),
  ...["unconsume", "remove", "close"].map((name) => hide(name, parserOf)),
  hide("detachSocket", (_req, res) => res),
  [
    "two servers listen to its socket",
    ({ socket }) => {
      const [listener] = listenersOf(socket, "drain", /socketOnDrain/) as [Listener];
      socket.on("drain", listener);
    },
  ],
  [
    "somebody has a timeout of their own on its socket",
    ({ socket }) => socket.on("timeout", () => undefined),
  ],
  [
    "somebody has wrapped write",
    (_req, res) => {
      const write = res.write.bind(res) as (chunk: unknown) => boolean;
      res.write = ((chunk: unknown) => write(chunk)) as typeof res.write;
    },
  ],
  [
    "somebody wraps end behind it",
    (_req, res) => {
      setImmediate(() => {
        const end = res.end.bind(res) as () => typeof res;
        res.end = () => end();
      });
    },
  ],
  [
    "somebody holds back what is written",
    (_req, res, hub) => {
      res.cork();
      res.cork();
      hub.once("join", () =>
        setImmediate(() => {
          res.uncork();
          res.uncork();
        }),
      );
    },
  ],
];

/** What becomes of a stream that is kept as without the option. */
const WHOLE = { isReleased: false, hasEnded: false, heads: 1, data: ["hello"] };

describe.each(EXPRESS_VERSIONS)("a stream to be kept without its request, on %s", (...version) => {
  const [, express] = version;
  const hub = { releaseRequest: true };
  const undo: Array<() => unknown> = [];

  afterEach(() => {
    undo.length = 0;
  });

  /** Opens a stream, sends it an event, and drains the hub. */
  async function run(watched: WatchedShop, bytes = GET()) {
    const stream = await openRaw(watched, bytes);
    const wasReleased = isReleased(stream.request);
    for (const undoIt of undo) undoIt();
    await watched.shop.hub.broadcast("message", "hello");
    await until(() => dataIn(stream.text).length === 1, "the event");
    const hasEnded = stream.request.res.writableEnded;
    const closed = once(stream.socket, "close");
    await watched.shop.hub.close();
    await closed;
    expect(stream.text.endsWith('event: hub:end\ndata: {"reason":"shutdown"}\n\n')).toBe(true);
    const heads = stream.text.match(/HTTP\/1/g)?.length;
    return { isReleased: wasReleased, hasEnded, heads, data: dataIn(stream.text) };
  }

  it.each(OBSTACLES)("is kept with it, and works, where %s", async (_what, obstacle) => {
    const watched = await openWatchedShop({
      express,
      hub,
      routes: (app) => {
        app.get("/events", (req, res, next) => {
          const undoIt = obstacle(req, res, watched.shop.hub);
          if (typeof undoIt === "function") undo.push(undoIt as () => unknown);
          next();
        });
      },
    });
    expect(await run(watched)).toEqual(WHOLE);
  });

  it("is kept with it, and works, behind compression()", async () => {
    const watched = await openWatchedShop({
      express,
      hub,
      before: (app) => app.use(compression()),
    });
    expect(await run(watched)).toEqual(WHOLE);
  });

  const openPosted = () =>
    openWatchedShop({
      express,
      hub,
      routes: (app) => {
        app.post("/posted", (req) => {
          const { room = "red" } = (req.body ?? {}) as { room?: string };
          req.sse.join(room);
        });
      },
    });

  it.each([
    ["is still on its way", "Content-Length: 100\r\n", "x".repeat(50)],
    ["is there and unread", "Content-Length: 20000\r\n", "x".repeat(20_000)],
  ])("is kept with it, and works, while the request's body %s", async (_what, header, body) => {
    const bytes = GET("/posted", header).replace("GET", "POST") + body;
    expect(await run(await openPosted(), bytes)).toEqual(WHOLE);
  });

  it("is kept without it when the body was read", async () => {
    const header = "Content-Type: application/json\r\nContent-Length: 14\r\n";
    const bytes = `${GET("/posted", header).replace("GET", "POST")}{"room":"red"}`;
    expect(await run(await openPosted(), bytes)).toEqual({
      ...WHOLE,
      isReleased: true,
      hasEnded: true,
    });
  });
});

describe("a stream to be kept without its request", () => {
  it("is kept with it, and works, on HTTP/2", async () => {
    const shop = await Shop.open({ hub: { releaseRequest: true } });
    const responses: ServerResponse[] = [];
    const handle = sse({ hub: shop.hub });
    const server = http2.createServer((req, res) => {
      responses.push(res as unknown as ServerResponse);
      handle(req as never, res as never, () => (req as unknown as Request).sse.join());
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    const session: ClientHttp2Session = http2.connect(`http://127.0.0.1:${port}`);
    onTestEnd(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ":path": "/" }).setEncoding("utf8");
    let text = "";
    stream.on("data", (part: string) => (text += part));
    await until(() => text.includes("hub:open"), "hub:open");
    await shop.hub.broadcast("message", "hello");
    await until(() => dataIn(text).length === 1, "the event");
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false]);
  });
});
