import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Connection } from "express-sse-hub";
import { Shop, until } from "../support/shop.js";

/** What Node gives under --expose-gc. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose_gc");
  return runInNewContext("gc") as () => void;
}

describe("the connections of a hub", () => {
  it("lose the one that leaves and no other, whoever that is [origin-2]", async () => {
    const shop = await Shop.open();
    const streams = [];
    for (let n = 0; n < 6; n += 1) streams.push(await shop.stream(`/rooms/${n}`));
    for (const leaving of [3, 0, 5, 1]) {
      const [gone] = shop.hub.connections(({ rooms }) => rooms.has(String(leaving)));
      const left = shop.hub.connections().filter((one) => one !== gone);
      streams[leaving]?.close();
      await until(() => shop.hub.size === left.length, "one has left");
      expect(shop.hub.connections()).toEqual(left);
      await shop.hub.broadcast("message", `without ${leaving}`);
    }
    const all = [3, 0, 5, 1].map((leaving) => `without ${leaving}`);
    for (const staying of [2, 4]) expect(await streams[staying]?.nextData(4)).toEqual(all);
  });

  it("leave nothing behind when they have left, neither themselves nor their rooms [origin-4]", async () => {
    const collect = garbageCollector();
    const shop = await Shop.open();
    const seen: Array<WeakRef<Connection>> = [];
    shop.hub.on("join", (connection) => seen.push(new WeakRef(connection)));
    for (let n = 0; n < 30; n += 1) {
      const stream = await shop.stream(`/rooms/${n}`);
      await shop.hub.to(String(n)).broadcast("message", "x");
      await stream.next();
      stream.close();
    }
    await until(() => shop.hub.size === 0, "all have left");
    await until(
      () => {
        collect();
        return seen.every((one) => one.deref() === undefined);
      },
      "nothing holds them",
      10_000,
    );
    expect(seen).toHaveLength(30);
  });

  it("let server.close() end at once after hub.close(), all they were sent being read [socket-5]", async () => {
    const shop = await Shop.open();
    const streams = await Promise.all(Array.from({ length: 20 }, () => shop.stream()));
    const large = "x".repeat(700_000);
    void shop.hub.broadcast("message", large);
    await shop.hub.close();
    const closed = once(shop.server, "close");
    const started = performance.now();
    shop.server.close();
    await closed;
    expect(performance.now() - started).toBeLessThan(3_000);
    for (const stream of streams) {
      expect(await stream.closed).toBe("shutdown");
      expect(stream.pending.map(({ data }) => data)).toEqual([large]);
    }
  });
});
