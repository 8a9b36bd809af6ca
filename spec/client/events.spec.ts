import { setTimeout as sleep } from "node:timers/promises";
import { runInThisContext } from "node:vm";
import type { Connection } from "express-sse-hub";
import { connect, type AnyStreamEvent, type SseStream } from "express-sse-hub/client";
import { Deferred } from "../../lib/async/deferred.js";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { untilTrueIn } from "../support/eventually.js";
import { sample } from "../support/guides.js";
import { Shop, until } from "../support/shop.js";
import { ClientPage, SITE } from "./client-page.js";

// More than all the buffers between a server and a loop of the same process can hold.
const MANY = 30_000;
// A stream with a cursor has left by then.
const LONG_MS = 2_500;
const FILLER = "x".repeat(1_800);

function open(url: string): SseStream {
  const stream = connect(url);
  onTestEnd(() => {
    stream.close();
  });
  return stream;
}

async function openWith(...names: Parameters<SseStream["on"]>[0][]) {
  const shop = await Shop.open();
  const stream = open(`${shop.url}/events`);
  const loops = names.map((name) => collect(stream.events(name)));
  await until(() => shop.hub.size === 1 && stream.state === "open", "the stream is open");
  return { shop, stream, loops };
}

/** What a loop got, and how it ended. */
function collect(events: AsyncIterable<AnyStreamEvent>) {
  const got: AnyStreamEvent[] = [];
  const ended = (async () => {
    for await (const event of events) got.push(event);
  })();
  // Its test looks at it later.
  ended.catch(() => undefined);
  return { got, ended };
}

const datas = (got: AnyStreamEvent[]) => got.map(({ data }) => data);

/** Begins a loop that takes one event, and the others when it is woken. */
function sleepy(stream: SseStream) {
  const awake = new Deferred<void>();
  const got: string[] = [];
  const ended = (async () => {
    for await (const { data } of stream.events("message")) {
      got.push((data as string).slice(FILLER.length));
      if (data === "end" || got.at(-1) === String(MANY - 1)) return;
      await awake.promise;
    }
  })();
  return { got, ended, wake: awake.resolve.bind(awake) };
}

const ALL = Array.from({ length: MANY }, (_, n) => String(n));

describe("a loop over the events of a stream", () => {
  it("gets all of the application in order, with value and id", async () => {
    const { shop, stream } = await openWith();
    const { got } = collect(stream);
    await shop.hub.broadcast("order", { id: 1 });
    const id = await shop.hub.broadcast("message", "text");
    await until(() => got.length === 2, "both came");
    expect(got).toEqual([
      { event: "order", data: { id: 1 }, id: expect.any(String) as string },
      { event: "message", data: "text", id },
    ]);
  });

  it("gets those of one name, also twice at once", async () => {
    const { shop, loops } = await openWith("order", "order");
    await shop.hub.broadcast("order", 1);
    await shop.hub.broadcast("message", "other");
    await shop.hub.broadcast("order", 2);
    await until(() => loops.every(({ got }) => got.length === 2), "both came to both");
    expect(loops.map(({ got }) => datas(got))).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("is what the guide shows", async () => {
    const { shop, stream } = await openWith();
    const saved: unknown[] = [];
    const save = (...given: unknown[]) => Promise.resolve(saved.push(given));
    const run = `(async (stream, save) => { ${sample("loops")} })`;
    const ended = (runInThisContext(run) as (...around: unknown[]) => Promise<void>)(stream, save);
    const id = await shop.hub.broadcast("order", { id: 7 });
    await until(() => saved.length === 1, "the order was saved");
    stream.close();
    await ended;
    expect(saved).toEqual([[{ id: 7 }, id]]);
  });

  it("gets nothing more after it was left, and the stream stays open", async () => {
    const { shop, stream } = await openWith();
    const first = (async () => {
      for await (const { data } of stream.events("order")) return data;
      return undefined;
    })();
    await shop.hub.broadcast("order", 1);
    expect(await first).toBe(1);
    const { got } = collect(stream.events("order"));
    await shop.hub.broadcast("order", 2);
    await until(() => got.length === 1, "the next one came");
    expect([datas(got), stream.state, shop.hub.size]).toEqual([[2], "open", 1]);
  });

  it("goes on over a reconnect", async () => {
    const shop = await Shop.open({ hub: { retryMs: 10 } });
    const stream = open(`${shop.url}/events`);
    const { got } = collect(stream.events("message"));
    await until(() => stream.state === "open", "the stream is open");
    await shop.hub.broadcast("message", "before");
    await until(() => got.length === 1, "the first came");
    shop.hub.connections()[0]?.close();
    await shop.hub.broadcast("message", "missed");
    await until(() => got.length === 2, "the missed one came");
    expect(datas(got)).toEqual(["before", "missed"]);
  });

  it("ends with a stream that is finished, after its last event", async () => {
    const { url } = await Shop.open({
      routes: (app) => {
        app.get("/answer", async (req) => {
          const connection = req.sse.open();
          await connection.stream(["to", "be"], "message");
          connection.end();
        });
      },
    });
    const { got, ended } = collect(open(`${url}/answer`));
    await ended;
    expect(datas(got)).toEqual(["to", "be"]);
  });

  it.each([
    [401, "unauthorized"],
    [403, "forbidden"],
  ])("throws at the end of a stream that was refused with %i", async (status, reason) => {
    const { url } = await Shop.open({
      routes: (app) => {
        app.get("/refused", (_req, res) => {
          res.sendStatus(status);
        });
      },
    });
    const stream = open(`${url}/refused`);
    const refused = {
      message: `The server refused the stream: ${reason}.`,
      reason,
      cause: { status },
    };
    await expect(collect(stream).ended).rejects.toMatchObject(refused);
    // And one that begins after that.
    await expect(collect(stream).ended).rejects.toMatchObject(refused);
  });

  it("ends when the page closes the stream, and gets no more of what it held", async () => {
    const { shop, stream } = await openWith();
    const got: unknown[] = [];
    const ended = (async () => {
      for await (const { data } of stream.events("message")) {
        got.push(data);
        await shop.hub.broadcast("message", "held");
        await shop.hub.broadcast("order", 1);
        await until(() => order.get() === 1, "the held event has come, too");
        stream.close();
      }
    })();
    const order = stream.latest("order");
    await shop.hub.broadcast("message", "first");
    await ended;
    expect(got).toEqual(["first"]);
  });

  it("holds few events while it is busy, and reconnects with its cursor when it has taken them", async () => {
    const shop = await Shop.open({ hub: { retryMs: 10 } });
    const stream = open(`${shop.url}/events`);
    let heard = 0;
    stream.on("message", () => (heard += 1));
    const { got, ended, wake } = sleepy(stream);
    await until(() => stream.state === "open", "the stream is open");
    for (const n of ALL) await shop.hub.broadcast("message", FILLER + n);
    await until(() => stream.state === "waiting", "the stream has left");
    await until(() => shop.hub.size === 0, "the connection has ended");
    const heardBefore = heard;
    wake();
    await ended;
    expect(got).toEqual(ALL);
    expect([got.length, heard, heardBefore < MANY / 2]).toEqual([MANY, MANY, true]);
    const { returns, closed } = shop.hub.stats();
    expect([returns, closed]).toEqual([{ new: 1, recovered: 1 }, { gone: 1 }]);
  }, 60_000);

  it("slows the source of a stream of its own down, and runs it once", async () => {
    let [runs, made] = [0, 0];
    const { url } = await Shop.open({
      routes: (app) => {
        app.get("/answer", async (req) => {
          runs += 1;
          const connection = req.sse.open();
          const source = async function* () {
            for (; made < MANY; made += 1) yield FILLER + String(await Promise.resolve(made));
          };
          await connection.stream(source(), "message");
          connection.end();
        });
      },
    });
    const stream = open(`${url}/answer`);
    const { got, ended, wake } = sleepy(stream);
    await until(() => made > 1_000, "the loop is full");
    await sleep(LONG_MS);
    const madeBefore = made;
    expect(stream.state).toBe("open");
    wake();
    await ended;
    expect([got, runs, madeBefore < MANY / 2]).toEqual([ALL, 1, true]);
  }, 60_000);
});

// Begins a loop in a page that takes one event, and the others when it is woken.
const SLEEPY = `
  let wake;
  Object.assign(window, { got: [], awake: new Promise((resolve) => { wake = resolve; }), wake });
  (async () => {
    for await (const { data } of stream.events("message")) {
      got.push(String(data));
      await awake;
    }
  })();
  0;`;

describeInBrowser("a loop of a tab that shares its connection", (windows) => {
  it("opens no stream again that has ended for good meanwhile", async () => {
    const connections: Connection[] = [];
    const shop = await Shop.open({
      sse: { static: SITE },
      routes: (app) => {
        app.get("/own", (req) => void connections.push(req.sse.open()));
      },
    });
    const tab = new ClientPage(await windows.open(`${shop.url}?shared=true&path=/own`));
    await tab.tells("recovered null");
    await tab.run(SLEEPY);
    for (let n = 0; n < 1_500; n += 1) connections[0]?.send("message", String(n));
    connections[0]?.end();
    await tab.tells("end done for good");
    await sleep(LONG_MS);
    await tab.run("wake(); 0");
    await untilTrueIn(tab.page, "got.length >= 1500");
    await sleep(LONG_MS);
    expect([connections.length, await tab.run("stream.state")]).toEqual([1, "closed"]);
  }, 60_000);

  it.each([
    ["has the connection", 0],
    ["follows another one", 1],
  ])(
    "does not hold up the other tab when it %s",
    async (_what, sleeper) => {
      const { hub, url } = await Shop.open({ sse: { static: SITE }, hub: { retryMs: 50 } });
      const page = await windows.open(`${url}?shared=true`);
      const tabs = [new ClientPage(page)] as const;
      await tabs[0].tells("recovered null");
      const other = new ClientPage(await windows.openBeside(page, `${url}?shared=true`));
      await other.tells("recovered null");
      await until(() => hub.size === 1, "both share one connection");
      const [sleepyTab, busyTab] = sleeper === 0 ? [tabs[0], other] : [other, tabs[0]];
      await sleepyTab.run(SLEEPY);
      const numbers = Array.from({ length: 2_500 }, (_, n) => String(n));
      for (const n of numbers.slice(0, 1_500)) await hub.broadcast("message", n);
      await busyTab.tells("message 1499");
      // Longer than a tab may sleep before it is left out.
      await sleep(2 * LONG_MS);
      for (const n of numbers.slice(1_500)) await hub.broadcast("message", n);
      await busyTab.tells("message 2499");
      const heldBack = (await sleepyTab.messages()).length;
      await sleepyTab.run("wake(); 0");
      await untilTrueIn(sleepyTab.page, "got.length >= 2500");
      expect(await sleepyTab.run("got")).toEqual(numbers);
      expect(await busyTab.messages()).toEqual(numbers.map((n) => `message ${n}`));
      expect(heldBack).toBeLessThan(2_000);
    },
    60_000,
  );
});
