import supertest from "supertest";
import { Shop } from "../support/shop.js";
import { listen } from "./listened.js";

describe("the latest value of an event", () => {
  it("is there before those who subscribed hear of it, and the same until the next", async () => {
    const { hub, url } = await Shop.open();
    const { stream, tells } = listen(`${url}/events`);
    const order = stream.latest("order");
    const heard: unknown[] = [order.get()];
    const off = order.subscribe(() => heard.push(order.get()));
    await tells("recovered null");
    await hub.broadcast("order", { id: 1 });
    await hub.broadcast("order", { id: 2 });
    await tells('order {"id":2}');
    off();
    await hub.broadcast("order", { id: 3 });
    await tells('order {"id":3}');
    expect(heard).toEqual([undefined, { id: 1 }, { id: 2 }]);
    expect(order.get()).toEqual({ id: 3 });
    expect(order.get()).toBe(order.get());
    expect(stream.latest("order")).toBe(order);
  });

  it("is the text of data that is no JSON", async () => {
    const { hub, url } = await Shop.open();
    const { stream, tells } = listen(`${url}/events`);
    const message = stream.latest("message");
    await tells("recovered null");
    await hub.broadcast("message", "to be");
    await tells("message to be");
    expect(message.get()).toBe("to be");
  });

  it("is forgotten with the user whose it was", async () => {
    const shop = await Shop.open({ hub: { retryMs: 10 } });
    const cookie = await shop.signIn({ login: "alice" });
    const { stream, tells } = listen(`${shop.url}/events`, { headers: { cookie } });
    const order = stream.latest("order");
    const heard: unknown[] = [];
    order.subscribe(() => heard.push(order.get()));
    await tells("recovered null");
    await shop.hub.broadcast("order", { id: 1 }, { login: "alice" });
    await tells('order {"id":1}');
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    await tells("recovered true");
    expect(order.get()).toBeUndefined();
    expect(heard).toEqual([{ id: 1 }, undefined]);
  });
});
