import { once } from "node:events";
import { EventSource } from "eventsource";
import type { Connection, SseHubError } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { EXPRESS_VERSIONS, Shop, until } from "../support/shop.js";

describe.each(EXPRESS_VERSIONS)("req.sse.open() on %s", (_version, express) => {
  /** A shop whose `/own` is handled by this. */
  function open(handle: (connection: Connection) => unknown, retryMs = 10) {
    return Shop.open({
      express,
      hub: { retryMs },
      routes: (app) => {
        app.get("/own", (req) => void handle(req.sse.open()));
      },
    });
  }

  it("is reached by send and stream, and by no broadcast", async () => {
    const shop = await open(async (connection) => {
      await connection.opened;
      connection.send("status", { step: 1 });
      await connection.stream(["a", { b: 1 }], "token");
      await shop.hub.broadcast("message", "for the others");
      connection.send("status", "last");
    });
    const stream = await shop.stream("/own");
    const events = [
      await stream.next(),
      await stream.next(),
      await stream.next(),
      await stream.next(),
    ];
    expect(events.map(({ event, data, id }) => [event, data, id])).toEqual([
      ["status", '{"step":1}', undefined],
      ["token", "a", undefined],
      ["token", '{"b":1}', undefined],
      ["status", "last", undefined],
    ]);
    expect((await stream.hub("hub:open")).id).toBeUndefined();
    expect(shop.hub.stats()).toMatchObject({ connections: 1, behind: 0, delivered: 0 });
  });

  it("runs the handler of a finished stream once, however short retry is", async () => {
    let runs = 0;
    const shop = await open(async (connection) => {
      runs += 1;
      await connection.stream(["one", "two"], "token");
      connection.end();
    }, 1);
    const source = new EventSource(`${shop.url}/own`);
    onTestEnd(() => {
      source.close();
    });
    const tokens: string[] = [];
    source.addEventListener("token", ({ data }) => tokens.push(String(data)));
    await until(() => source.readyState === source.CLOSED, "the client has given up");
    expect([runs, tokens, shop.hub.size]).toEqual([1, ["one", "two"], 0]);
  });

  it("answers a request that brings a final id with 204, for join as well", async () => {
    const shop = await open((connection) => {
      connection.end();
    });
    const stream = await shop.attempt("/own");
    expect(await stream.closed).toBe("done");
    for (const path of ["/own", "/events"]) {
      const again = await shop.attempt(path, { lastEventId: stream.lastEventId });
      expect([again.status, again.raw]).toEqual([204, ""]);
    }
  });

  it("asks its source for no more than the browser takes, and goes on when it reads again", async () => {
    let made = 0;
    const text = "x".repeat(10_000);
    const total = 2_000;
    async function* produce() {
      for (; made < total; made += 1) {
        yield `${made} ${text}`;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const shop = await open((connection) => connection.stream(produce(), "token"));
    const stream = await shop.stream("/own");
    stream.pause();
    let before = -1;
    // The kernel takes a few MB, then the producer stands still.
    await until(
      () => {
        const isStill = made === before && made > 0;
        before = made;
        return isStill;
      },
      "the producer stands still",
      20_000,
    );
    expect(made).toBeLessThan(total);
    stream.resume();
    const numbers = (await stream.nextData(total)).map((data) => Number(data.split(" ", 1)));
    expect(numbers).toEqual(Array.from({ length: total }, (_, n) => n));
  });

  it("ends its source when the browser leaves, also while it is at work", async () => {
    const events: string[] = [];
    const source: AsyncIterableIterator<string> = {
      next: () => new Promise(() => events.push("next")),
      return: () => {
        events.push("return");
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => source,
    };
    let connection: Connection | undefined;
    let streaming: Promise<void> | undefined;
    const shop = await open((one) => {
      connection = one;
      streaming = one.stream(source, "token");
    });
    const stream = await shop.stream("/own");
    await until(() => events.length > 0, "the source is at work");
    const aborted = once(connection?.signal as AbortSignal, "abort");
    stream.close();
    await aborted;
    await streaming;
    expect(events).toEqual(["next", "return"]);
    expect(connection?.signal.reason).toMatchObject({ code: "ERR_SSE_ENDED" });
  });

  it("ends with a word when its source fails, and rejects with what it threw", async () => {
    const rejections: unknown[] = [];
    const errors: SseHubError[] = [];
    function* fail() {
      yield "one";
      throw new Error("mine");
    }
    const shop = await open((connection) =>
      connection.stream(fail(), "token").catch((error: unknown) => rejections.push(error)),
    );
    shop.hub.on("error", (error) => errors.push(error));
    const stream = await shop.attempt("/own");
    expect(await stream.closed).toBe("error");
    expect(stream.pending.map(({ data }) => data)).toEqual(["one"]);
    expect(rejections).toEqual([new Error("mine")]);
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual([
      ["ERR_SSE_SOURCE", rejections[0]],
    ]);
  });

  it.each([["a text"], [7], [null], [{}]])("refuses %j as a source", async (source) => {
    const codes: unknown[] = [];
    const shop = await open((connection) => {
      try {
        void connection.stream(source as never, "token");
      } catch (error) {
        codes.push((error as SseHubError).code);
      }
    });
    await shop.stream("/own");
    expect(codes).toEqual(["ERR_SSE_SOURCE"]);
  });

  it("leaves no listener on the signal for each item", async () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestEnd(() => {
      warn.mockRestore();
    });
    const items = Array.from({ length: 200 }, (_, n) => String(n));
    const shop = await open((connection) => connection.stream(items, "token"));
    const stream = await shop.stream("/own");
    expect(await stream.nextData(200)).toEqual(items);
    expect(warn).not.toHaveBeenCalled();
  });
});
