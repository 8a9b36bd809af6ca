import { Shop } from "../support/shop.js";

describe("a broadcast to many", () => {
  it("turns its data into text once, however many get it and return for it [shared-4]", async () => {
    const shop = await Shop.open();
    let calls = 0;
    const data = {
      toJSON: () => {
        calls += 1;
        return { calls };
      },
    };
    const { lastEventId } = await shop.stream();
    const live = await Promise.all(Array.from({ length: 50 }, () => shop.stream()));
    await shop.hub.broadcast("message", data);
    const returned = await shop.stream("/events", { lastEventId });
    for (const stream of [...live, returned])
      expect(await stream.nextData()).toEqual(['{"calls":1}']);
    expect(calls).toBe(1);
  });

  it.each(["*", "**", "r*d", "r?d", "[a-z]*", "^.*$", "(a+)+$", "********x"])(
    "takes the room %s by its name and for no pattern [filter-3]",
    async (pattern) => {
      const shop = await Shop.open();
      const [named, red] = [
        await shop.stream(`/rooms/${encodeURIComponent(pattern)}`),
        await shop.stream(`/rooms/${"r".repeat(100)}ed`),
      ];
      await shop.hub.to(pattern).broadcast("message", "for the one");
      await shop.hub.to(`${"r".repeat(100)}ed`).broadcast("message", "for the other");
      await shop.hub.broadcast("message", "end");
      expect(await named.nextData(2)).toEqual(["for the one", "end"]);
      expect(await red.nextData(2)).toEqual(["for the other", "end"]);
    },
  );
});
