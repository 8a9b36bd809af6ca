import { connect } from "node:net";
import { onTestEnd } from "../support/disposers.js";
import { Shop, STALL_MS, until } from "../support/shop.js";

/** Asks for a stream and reads nothing of it until told to. */
function stalledReader(url: string) {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  socket.pause();
  socket.on("error", () => undefined);
  onTestEnd(() => socket.destroy());
  socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  return socket;
}

const MIB = "x".repeat(1_000_000);

describe("a reader that takes nothing", () => {
  it("is destroyed after stallMs, and the others notice nothing", async () => {
    const shop = await Shop.open({ hub: { stallMs: STALL_MS } });
    const reasons: string[] = [];
    shop.hub.on("leave", (_connection, reason) => reasons.push(reason));
    const healthy = await shop.stream();
    stalledReader(shop.url);
    await until(() => shop.hub.size === 2, "the stalled one is there");
    for (let n = 0; n < 20; n += 1) void shop.hub.broadcast("message", MIB);
    await until(() => reasons.length > 0, "it was destroyed");
    expect(reasons).toEqual(["slow"]);
    expect(shop.hub.stats().closed).toEqual({ slow: 1 });
    await shop.hub.broadcast("message", "end");
    expect((await healthy.nextData(21)).at(-1)).toBe("end");
  });

  it("is left alone while it takes a byte now and then, and gets one event larger than all buffers", async () => {
    const shop = await Shop.open({ hub: { stallMs: 2_500, maxPayloadBytes: 30_000_000 } });
    const socket = stalledReader(shop.url);
    await until(() => shop.hub.size === 1, "it is there");
    const text = "x".repeat(20_000_000);
    await shop.hub.broadcast("message", text);
    let received = 0;
    let tail = "";
    socket.on("data", (bytes) => {
      received += bytes.length;
      tail = (tail + bytes.toString("latin1")).slice(-10);
      socket.pause();
    });
    // About 3 MB a second: the one write takes more than twice stallMs to complete, while the kernel,
    // whose buffers empty in steps of up to 2 MB, takes some of it all the time.
    const reading = setInterval(() => socket.resume(), 20);
    onTestEnd(() => {
      clearInterval(reading);
    });
    await until(() => tail.endsWith("x\n\n"), "all of it has come", 30_000);
    expect(received).toBeGreaterThan(20_000_000);
    expect(shop.hub.stats()).toMatchObject({ connections: 1, closed: {} });
  });

  it("holds no queue: what waits is shared, and the rest stays in the log [shared-3] [socket-7]", async () => {
    const shop = await Shop.open({ hub: { stallMs: 60_000 } });
    for (let n = 0; n < 10; n += 1) stalledReader(shop.url);
    await until(() => shop.hub.size === 10, "they are there");
    const before = process.memoryUsage();
    for (let n = 0; n < 50; n += 1) {
      await shop.hub.broadcast("message", MIB);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => shop.hub.stats().behind === 10, "all are behind");
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    // 50 MB in the log; ten queues would be 500 MB.
    expect(grown).toBeLessThan(100_000_000);
  });
});
