import { once } from "node:events";
import type { RawReader } from "../support/raw-request.js";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";
import {
  dataIn,
  GET,
  isReleased,
  openRaw,
  openWatchedShop,
  WAYS,
  type WatchedShop,
} from "../support/watched-shop.js";

const ALL = EXPRESS_VERSIONS.flatMap(([version, express]) =>
  WAYS.map(([way, releaseRequest]) => ({ version, express, way, releaseRequest })),
);

// In the ways a browser may not follow the rules: a stream is the last response of its connection.
const LOGIN =
  "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
  'Content-Length: 19\r\n\r\n{"login":"mallory"}';

/** What a text holds beside that which differs with every stream. */
function shapeOf(text: string): string {
  return text
    .replace(/^Date: .*$/m, "Date: *")
    .replace(/^retry: \d+$/gm, "retry: *")
    .replace(/"connection":"[^"]+"/, '"connection":"*"')
    .replace(/^id: [\w-]{8}\./gm, "id: *.")
    .replace(/^id: .*~.*$/gm, "id: *");
}

describe.each(EXPRESS_VERSIONS)("a stream on %s", (_version, express) => {
  it.each(["/events", "/own"])(
    "is sent the same bytes with its request and without: %s",
    async (path) => {
      const texts: string[] = [];
      for (const [, releaseRequest] of WAYS) {
        const watched = await openWatchedShop({
          express,
          hub: { releaseRequest },
          routes: (app) => {
            app.get("/own", (req) => void req.sse.open().stream(["a", { b: 1 }], "message"));
          },
        });
        const { shop } = watched;
        const stream = await openRaw(watched, GET(path));
        await shop.hub.broadcast("message", "hello");
        await shop.hub.broadcast("message", "x".repeat(200_000));
        await until(() => dataIn(stream.text).length === 2, "both events");
        expect(isReleased(stream.request)).toBe(releaseRequest);
        const closed = once(stream.socket, "close");
        await shop.hub.close();
        await closed;
        texts.push(shapeOf(stream.text));
      }
      expect(texts[0]).toContain('data: {"reason":"shutdown"}');
      expect(texts[1]).toBe(texts[0]);
    },
  );
});

describe.each(ALL)("a stream kept $way on $version", ({ express, releaseRequest }) => {
  const open = () => openWatchedShop({ express, hub: { releaseRequest } });

  /** Everybody gets what is sent from now on, nothing else was handled, and nothing was answered. */
  async function expectUntouched(
    watched: WatchedShop,
    streams: readonly RawReader[],
    handled: readonly string[],
  ): Promise<void> {
    // Whoever comes now might be given what others had begun to say.
    const newcomer = await openRaw(watched);
    const text = `for all ${handled.length}`;
    await watched.shop.hub.broadcast("message", text);
    for (const stream of [...streams, newcomer]) {
      await until(() => dataIn(stream.text).at(-1) === text, "the event");
      expect(stream.text.match(/HTTP\/1/g)).toHaveLength(1);
    }
    expect(watched.handled()).toEqual([...handled, "GET /events"]);
  }

  it.each(["P", "POST /login HTTP/1.1", LOGIN.slice(0, 60), LOGIN.slice(0, -5)])(
    "takes no notice of the part of a request behind it: %j",
    async (part) => {
      const watched = await open();
      const stream = await openRaw(watched);
      expect(isReleased(stream.request)).toBe(releaseRequest);
      stream.socket.write(part);
      await expectUntouched(watched, [stream], ["GET /events"]);
      stream.socket.write(LOGIN.slice(part.length));
      await expectUntouched(watched, [stream], ["GET /events", "GET /events"]);
      expect(watched.shop.stored).toEqual({});
    },
  );

  it("carries no byte of one browser into the connection of another", async () => {
    const watched = await open();
    const streams = [];
    for (let n = 0; n < 20; n += 1) {
      const stream = await openRaw(watched);
      // Each begins a request that whoever reads on would take for its own.
      stream.socket.write("GET /stolen HTTP/1.1\r\nX: ");
      streams.push(stream);
    }
    const handled = Array.from({ length: 20 }, () => "GET /events");
    await expectUntouched(watched, streams, handled);
    for (const { socket } of streams) socket.destroy();
    await until(() => watched.shop.hub.size === 1, "they have left");
    expect(streams.map(({ request }) => isReleased(request))).not.toContain(true);
    await expectUntouched(watched, [], [...handled, "GET /events"]);
  });

  it.each([1, 500])("answers none of %d requests that came together with it", async (count) => {
    const watched = await open();
    const bytes = GET() + GET("/other").repeat(count);
    const stream = await openRaw(watched, bytes);
    // Node has read on before it could be let go of.
    expect(isReleased(stream.request)).toBe(false);
    await watched.shop.hub.broadcast("message", "hello");
    await until(() => dataIn(stream.text).length === 1, "the event");
    expect(stream.text.match(/HTTP\/1/g)).toHaveLength(1);
    const closed = once(stream.socket, "close");
    await watched.shop.hub.close();
    await closed;
    expect(stream.text.endsWith('event: hub:end\ndata: {"reason":"shutdown"}\n\n')).toBe(true);
    expect(stream.text.match(/HTTP\/1/g)).toHaveLength(1);
  });

  it("answers no request that is sent behind it later", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    stream.socket.write(LOGIN);
    stream.socket.write(GET("/events"));
    await expectUntouched(watched, [stream], ["GET /events"]);
    expect(watched.shop.stored).toEqual({});
  });

  it("is harmed alone by five hundred requests behind it", async () => {
    const watched = await open();
    const [stream, other] = [await openRaw(watched), await openRaw(watched)];
    stream.socket.write(GET("/other").repeat(500));
    // Kept with its request a browser may send a thousand of them, without it 4 KiB of anything.
    const staying = releaseRequest ? [other] : [other, stream];
    await until(() => watched.shop.hub.size === staying.length, "it is as it is to be");
    await expectUntouched(watched, staying, ["GET /events", "GET /events"]);
    expect(stream.text.match(/HTTP\/1/g)).toHaveLength(1);
  });
});
