import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";

/** How many events each pass of the test was about. */
function watchPasses(): number[] {
  const passes: number[] = [];
  const onPass = (pass: unknown) => passes.push((pass as { entries: number }).entries);
  subscribe("express-sse-hub:pass", onPass);
  onTestEnd(() => {
    unsubscribe("express-sse-hub:pass", onPass);
  });
  return passes;
}

/** Ten events, each in a tick of the event loop of its own. */
async function broadcastOneByOne({ hub }: Shop): Promise<string[]> {
  const texts = Array.from({ length: 10 }, (_, n) => String(n));
  for (const text of texts) {
    await hub.broadcast("message", text);
    await sleep(2);
  }
  return texts;
}

describe("coalesceMs", () => {
  it("lets events wait for others, and writes them at once and in order", async () => {
    const shop = await Shop.open({ hub: { coalesceMs: 5_000 } });
    const passes = watchPasses();
    const stream = await shop.stream();
    const texts = await broadcastOneByOne(shop);
    expect(await stream.nextData(10)).toEqual(texts);
    expect(passes).toEqual([10]);
  });

  it("is 0 unless it is given: each tick is written by itself", async () => {
    const shop = await Shop.open();
    const passes = watchPasses();
    const stream = await shop.stream();
    const texts = await broadcastOneByOne(shop);
    expect(await stream.nextData(10)).toEqual(texts);
    expect(passes.length).toBeGreaterThan(1);
  });

  it("is not waited for between passes of what is there already", async () => {
    const shop = await Shop.open({ hub: { coalesceMs: 2_000 } });
    const passes = watchPasses();
    const stream = await shop.stream();
    // More than one pass writes: 64 KiB.
    const sent = Array.from({ length: 20 }, (_, n) => `${n} ${"x".repeat(10_000)}`);
    await Promise.all(sent.map((text) => shop.hub.broadcast("message", text)));
    expect(await stream.nextData(20)).toEqual(sent);
    // The reader waits ten seconds at most; each pass would have waited two.
    expect(passes.length).toBeGreaterThan(2);
  });

  it("holds up neither the end of the hub nor what it has taken", async () => {
    const shop = await Shop.open({ hub: { coalesceMs: 500 } });
    const stream = await shop.stream();
    await shop.hub.broadcast("message", "last");
    await shop.hub.close();
    expect(await stream.nextData()).toEqual(["last"]);
    expect(await stream.closed).toBe("shutdown");
  });

  it.each([-1, 1.5, "5", null, NaN])("is refused as %p", async (coalesceMs) => {
    await expect(Shop.open({ hub: { coalesceMs: coalesceMs as number } })).rejects.toMatchObject({
      code: "ERR_SSE_OPTION",
    });
  });
});
