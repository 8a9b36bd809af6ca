import type { Limits } from "express-sse-hub";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice" };

describe("limits", () => {
  const open = (limits: Limits, user?: () => Promise<object>) =>
    Shop.open({
      hub: { limits, retryMs: 100 },
      ...(user === undefined ? {} : { sse: { user } }),
      routes: (app) => app.set("trust proxy", true),
    });

  async function expectPutOff(shop: Shop, request: Parameters<Shop["attempt"]>[1] = {}) {
    const stream = await shop.attempt("/events", request);
    await stream.closed;
    const told = stream.hubEvents.map(({ event }) => event);
    // Nothing but the place to return to.
    expect([stream.status, told, stream.retryMs]).toEqual([200, ["hub:tick"], 500]);
  }

  it("put off whoever is above the number of connections, and end nobody for it [shared-5]", async () => {
    const shop = await open({ connections: 2 });
    const first = await shop.stream();
    await shop.stream();
    await expectPutOff(shop);
    expect([shop.hub.size, shop.hub.stats().closed]).toEqual([2, { refused: 1 }]);
    first.close();
    await until(() => shop.hub.size === 1, "a place is free");
    await shop.stream();
  });

  it("count a user by the tag, a session by its own, and leave the anonymous out", async () => {
    const shop = await open({ perUser: 2, perSession: 1 });
    const [home, work, phone] = [
      await shop.signIn(ALICE),
      await shop.signIn(ALICE),
      await shop.signIn(ALICE),
    ];
    await shop.stream("/events", { cookie: home });
    await expectPutOff(shop, { cookie: home });
    await shop.stream("/events", { cookie: work });
    await expectPutOff(shop, { cookie: phone });
    await shop.stream("/events", { cookie: await shop.signIn({ login: "bob" }) });
    await shop.stream();
    await shop.stream();
    expect(shop.hub.size).toBe(5);
  });

  it("count a user that is known late", async () => {
    const shop = await open({ perUser: 1 }, () => Promise.resolve(ALICE));
    await shop.stream();
    await expectPutOff(shop);
    expect(shop.hub.size).toBe(1);
  });

  it("count an address as Express sees it", async () => {
    const shop = await open({ perAddress: 1 });
    const from = (address: string) => ({ headers: { "X-Forwarded-For": address } });
    await shop.stream("/events", from("10.0.0.1"));
    await shop.stream("/events", from("10.0.0.2"));
    await expectPutOff(shop, from("10.0.0.1"));
    expect(shop.hub.size).toBe(2);
  });

  it.each<[Limits | { perUsr: number }, string]>([
    [{ connections: 0 }, "above 0"],
    [{ perUsr: 1 }, "Did you mean perUser?"],
  ])("refuse %j as options", async (limits, why) => {
    await expect(open(limits as Limits)).rejects.toThrow(why);
  });
});
