import { redisLog } from "express-sse-hub/redis";
import { MemoryStore } from "express-session";
import { describeWithRedis } from "../support/redis.js";
import { Shop } from "../support/shop.js";
import { until } from "../support/until.js";

describeWithRedis("a page that is loaded anew after a disconnect", (urlOf) => {
  it("may return to a node that it was not loaded from", async () => {
    const store = new MemoryStore();
    const open = () => Shop.open({ hub: { log: redisLog({ url: urlOf() }) }, session: { store } });
    const [one, two] = [await open(), await open()];
    for (const { hub } of [one, two]) {
      await until(() => hub.health().status === "ok", "the node reads");
    }
    const cookie = await one.signIn({ login: "alice" });
    const before = await one.stream("/events", { cookie });
    const lastEventId = before.lastEventId;
    await two.hub.disconnect({ login: "alice" });
    expect(await before.closed).toBe("stop");
    // Both have heard of it.
    await one.hub.users();
    await one.hub.users();
    expect((await two.attempt("/events", { cookie, lastEventId })).status).toBe(204);

    const page = await one.stream("/events", { cookie });
    await one.hub.users();
    page.close();

    const back = await two.attempt("/events", { cookie, lastEventId: page.lastEventId });
    expect(back.status).toBe(200);
    expect(await back.opened()).toMatchObject({ recovered: true });
  });
});
