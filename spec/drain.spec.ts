import { once } from "node:events";
import type { Server } from "node:http";
import { onTestEnd } from "./support/disposers.js";
import { rawRequest, type RawReader } from "./support/raw-request.js";
import { Shop, until } from "./support/shop.js";

const GET = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
const MB = "x".repeat(1_000_000);
// Above what may wait for accept(), 511 with Node, the kernel puts some off by seconds.
const AT_ONCE = 250;

/** How many resources of this kind the process has. */
function count(kind: "Timeout" | "TCP"): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith(kind)).length;
}

function closed(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

function isOpen({ text }: RawReader): boolean {
  return text.includes("event: hub:open");
}

/** A reader that takes nothing, with more on its way than the kernel has room for. */
async function stalledReader(shop: Shop) {
  const { socket } = await rawRequest(shop.url, GET);
  socket.pause();
  await until(() => shop.hub.size > 0 && shop.hub.stats().behind === 0, "it is there");
  for (let n = 0; n < 20; n += 1) void shop.hub.broadcast("message", MB);
  await until(() => shop.hub.stats().behind === 1, "it is behind");
  return socket;
}

describe("a drain", () => {
  it("lets server.close() finish, whatever its readers take, and leaves nothing behind", async () => {
    const before = { sockets: count("TCP"), timers: count("Timeout") };
    const shop = await Shop.open({ hub: { retryMs: 10 } });
    const stalled = await stalledReader(shop);
    const healthy = [await shop.stream(), await shop.stream()];
    await shop.hub.broadcast("message", "last words");
    const reasons: string[] = [];
    shop.hub.on("leave", (_connection, reason) => reasons.push(reason));

    await shop.hub.close({ timeoutMs: 1_000 });
    expect(await closed(shop.server)).toBeUndefined();

    for (const reader of healthy) {
      expect(await reader.closed).toBe("shutdown");
      expect(reader.pending.map(({ data }) => data)).toEqual(["last words"]);
    }
    expect([shop.hub.size, reasons]).toEqual([0, ["shutdown", "shutdown", "shutdown"]]);
    stalled.destroy();
    await until(() => count("TCP") <= before.sockets, "every socket has closed");
    expect(count("Timeout")).toBeLessThanOrEqual(before.timers);
  });

  it("puts off those who come meanwhile, and sends nothing to them", async () => {
    const shop = await Shop.open({ hub: { retryMs: 10 } });
    await stalledReader(shop);
    let isOver = false;
    const closing = shop.hub.close({ timeoutMs: 5_000 }).then(() => {
      isOver = true;
    });

    const late = await shop.attempt("/events", { lastEventId: "cursor" });
    void shop.hub.broadcast("message", "to nobody");
    expect(await late.closed).toBeUndefined();

    expect([isOver, late.status, late.raw]).toEqual([false, 200, "retry: 10\n:\n"]);
    await closing;
    expect(shop.hub.stats()).toMatchObject({ connections: 0, closed: { shutdown: 1, refused: 1 } });
  });

  it("ends two thousand streams a few at a time, each with a moment of its own to return", async () => {
    const total = 2_000;
    const [min, max] = [1_000, 60_000];
    const shop = await Shop.open({ hub: { retryMs: [min, max] } });
    const readers: RawReader[] = [];
    while (readers.length < total) {
      const some = await Promise.all(
        Array.from({ length: AT_ONCE }, () => rawRequest(shop.url, GET)),
      );
      await until(() => some.every(isOpen), "they are open");
      readers.push(...some);
    }
    const ends = readers.map(({ socket }) => once(socket, "close"));
    const sizes = new Set<number>();
    const looking = setInterval(() => sizes.add(shop.hub.size), 0);
    onTestEnd(() => {
      clearInterval(looking);
    });

    await shop.hub.close();
    await Promise.all(ends);

    const retries = readers.map(({ text }) => {
      const end = /retry: (\d+)\nevent: hub:end\ndata: {"reason":"shutdown"}\n\n$/.exec(text);
      return Number(end?.[1]);
    });
    expect(retries.filter((ms) => ms >= min && ms <= max)).toHaveLength(total);
    expect(new Set(retries).size).toBeGreaterThan(total / 2);
    // Others had their turn in between.
    expect(sizes.size).toBeGreaterThan(3);
  });
});
