import { memoryLog } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { FaultProxy, type Fault } from "../support/fault-proxy.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import { Shop, STALL_MS, until } from "../support/shop.js";

const AT_ONCE = 50;
const MANNERS: ReadonlyArray<NonNullable<Fault["cut"]>> = ["fin", "reset", "half"];
// Said to a connection when it has all there is; it is in no log.
const MARK = "mark";

const EVENTS: ReadonlyArray<[event: string, data: unknown]> = [
  ["message", "hello"],
  ["order", { id: 7, total: "12 €" }],
  ["message", "first line\nsecond line\r\n\rlast: line\n"],
  ["message", ""],
  ["naïve/名前", "Grüße 👩‍👩‍👧 ﷽ \u2028"],
  ["message", " id: forged\n: comment\n\n"],
  ["message", "bye"],
];
// So many that the browser, for whom they are not, is told its place by a tick.
const FOR_OTHERS = 12;

/** Everything a browser is to get. The number is the place in the log that its id names. */
const EXPECTED = [
  ...EVENTS.map(([event, data], n) => [
    event,
    typeof data === "string" ? data.replaceAll(/\r\n?/g, "\n") : JSON.stringify(data),
    n + 1,
  ]),
  ["hub:tick", "{}", EVENTS.length + FOR_OTHERS],
];

function seenBy(reader: StreamReader | null): unknown[] {
  return (reader?.all ?? [])
    .filter(({ event }) => event !== "hub:open" && event !== MARK)
    .map(({ event, data, id }) => [event, data, Number(id?.split(".", 2)[1])]);
}

async function read(url: string, lastEventId: string | undefined): Promise<StreamReader> {
  const reader = await openStream(url, "/events", { lastEventId });
  onTestEnd(() => {
    reader.close();
  });
  return reader;
}

/** A shop behind a bad network, and the cursor of a browser that was there before everything. */
async function open() {
  const shop = await Shop.open({ hub: { retryMs: 10, log: memoryLog({ maxEvents: 40 }) } });
  const { lastEventId } = await shop.stream();
  return { shop, proxy: await FaultProxy.start(shop.url), lastEventId };
}

async function broadcastAll({ hub }: Shop): Promise<void> {
  // In one tick, so that one tick of the hub tells of all that is for others.
  await Promise.all([
    ...EVENTS.map(([event, data]) => hub.broadcast(event, data)),
    ...Array.from({ length: FOR_OTHERS }, () => hub.to("others").broadcast("message", "not yours")),
  ]);
}

async function everybodyIsLive({ hub }: Shop): Promise<void> {
  await until(() => hub.stats().behind === 0, "everybody has what there is");
}

async function markAll(shop: Shop, readers: readonly StreamReader[]): Promise<void> {
  await everybodyIsLive(shop);
  for (const connection of shop.hub.connections()) connection.send(MARK, "");
  await Promise.all(readers.map((reader) => reader.received(`event: ${MARK}\n`)));
}

// The same bytes come in two ways: what was missed, in pages from the log; what is new, as it comes.
describe.each(["what it missed", "what comes live"])("a stream cut while it brings %s", (what) => {
  /** Reads with each of these faults on the way. A stream that was cut in its head is `null`. */
  async function readThrough(faults: readonly Fault[]) {
    const { shop, proxy, lastEventId } = await open();
    proxy.planned.push(...faults);
    if (what === "what it missed") await broadcastAll(shop);
    const readers = await Promise.all(
      faults.map(() => read(proxy.url, lastEventId).catch(() => null)),
    );
    await everybodyIsLive(shop);
    if (what === "what comes live") await broadcastAll(shop);
    return { shop, proxy, lastEventId, readers };
  }

  it("at any byte dispatches no part of an event, and a return brings exactly the rest", async () => {
    const uncut = await readThrough([{}]);
    await uncut.readers[0]?.received("hub:tick");
    const { passedBytes } = uncut.proxy;
    const faults = Array.from({ length: passedBytes }, (_, n) => ({
      cutAfterBytes: n + 1,
      cut: MANNERS[n % MANNERS.length] ?? "fin",
    }));

    const dispatched = new Set<number>();
    while (faults.length > 0) {
      const { shop, lastEventId, readers } = await readThrough(faults.splice(0, AT_ONCE));
      await Promise.all(readers.map(async (reader) => reader?.closed));
      const returned = await Promise.all(
        readers.map((reader) => read(shop.url, reader?.lastEventId ?? lastEventId)),
      );
      await markAll(shop, returned);
      for (const [n, again] of returned.entries()) {
        const before = seenBy(readers[n] ?? null);
        dispatched.add(before.length);
        expect(await again.opened()).toMatchObject({ recovered: true });
        expect([before, ...seenBy(again)]).toEqual([
          EXPECTED.slice(0, before.length),
          ...EXPECTED.slice(before.length),
        ]);
      }
    }

    // Every event was the last one once, and once none came.
    expect([...dispatched]).toEqual([0, ...EXPECTED.map((_, n) => n + 1)]);
  });
});

describe("a network", () => {
  it("that takes its time changes nothing of what comes", async () => {
    const { shop, proxy, lastEventId } = await open();
    proxy.planned.push({ delayMs: 30 });
    await broadcastAll(shop);
    const reader = await read(proxy.url, lastEventId);
    await markAll(shop, [reader]);
    expect(seenBy(reader)).toEqual(EXPECTED);
  });

  it("that takes its time and is cut loses nothing", async () => {
    const { shop, proxy, lastEventId } = await open();
    proxy.planned.push({ delayMs: 30, cutAfterBytes: 600 });
    await broadcastAll(shop);
    const reader = await read(proxy.url, lastEventId);
    await reader.closed;
    const again = await read(proxy.url, reader.lastEventId);
    await markAll(shop, [again]);
    expect([...seenBy(reader), ...seenBy(again)]).toEqual(EXPECTED);
  });

  it("that swallows everything from one byte on costs a stall, and no event", async () => {
    const total = 300;
    const shop = await Shop.open({ hub: { stallMs: STALL_MS } });
    const proxy = await FaultProxy.start(shop.url);
    proxy.planned.push({ stallAfterBytes: 500_000 });
    const reader = await read(proxy.url, undefined);
    await reader.opened();
    const dropped = new Promise((resolve) => {
      shop.hub.once("leave", (_connection, reason) => {
        resolve(reason);
      });
    });
    const text = "x".repeat(100_000);
    for (let n = 0; n < total; n += 1) void shop.hub.broadcast("message", `${n} ${text}`);
    expect(await dropped).toBe("slow");

    proxy.cutAll();
    await reader.closed;
    const again = await read(proxy.url, reader.lastEventId);
    expect(await again.opened()).toMatchObject({ recovered: true });
    const before = reader.pending.length;
    await again.nextData(total - before);
    await markAll(shop, [again]);
    const numbers = [...reader.all, ...again.all]
      .filter(({ event }) => event === "message")
      .map(({ data }) => Number(data.split(" ", 1)));
    expect([before, numbers]).toEqual([4, Array.from({ length: total }, (_, n) => n)]);
  });
});
