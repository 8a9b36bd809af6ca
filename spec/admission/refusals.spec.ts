import { SseHubError, type RefusalReason } from "express-sse-hub";
import supertest from "supertest";
import { rawRequest } from "../support/raw-request.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };

/** Opens a stream that is there, and asks for another one with the same cookie. */
async function askTwice(shop: Shop): Promise<void> {
  const cookie = await shop.signIn(ALICE);
  await shop.stream("/events", { cookie });
  await askAgain(shop, { cookie });
}

async function askAgain(shop: Shop, request: Parameters<Shop["attempt"]>[1] = {}): Promise<void> {
  const stream = await shop.attempt("/events", request);
  await stream.closed;
}

/** How a request is refused: on which shop, and by what. */
const REFUSALS: Array<[RefusalReason, ShopOptions, (shop: Shop) => Promise<void>]> = [
  ["connections", { hub: { limits: { connections: 1 } } }, askTwice],
  ["perAddress", { hub: { limits: { perAddress: 1 } } }, askTwice],
  ["perSession", { hub: { limits: { perSession: 1 } } }, askTwice],
  ["perUser", { hub: { limits: { perUser: 1 } } }, askTwice],
  [
    "perUser",
    { hub: { limits: { perUser: 1 } }, sse: { user: () => Promise.resolve(ALICE) } },
    askTwice,
  ],
  [
    "draining",
    {},
    async (shop) => {
      await shop.hub.close();
      await askAgain(shop);
    },
  ],
  [
    "store",
    {},
    async (shop) => {
      const cookie = await shop.signIn(ALICE);
      shop.store.emit("disconnect");
      await askAgain(shop, { cookie });
    },
  ],
  [
    "store",
    {},
    async (shop) => {
      const cookie = await shop.signIn(ALICE);
      const get = shop.store.get.bind(shop.store);
      let reads = 0;
      // The first read is that of express-session.
      shop.store.get = (id, done) => {
        reads += 1;
        if (reads === 1) get(id, done);
        else setImmediate(done, new Error("away"));
      };
      await askAgain(shop, { cookie });
    },
  ],
  [
    "error",
    {
      sse: {
        user: () => {
          throw new SseHubError("ERR_SSE_LOG", "A broadcast of the application's own failed.");
        },
      },
    },
    askAgain,
  ],
  [
    "pipelined",
    { routes: (app) => app.get("/slow", () => undefined) },
    async (shop) => {
      const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
      await rawRequest(shop.url, request("/slow") + request("/events"));
      await until(() => shop.hub.stats().refused.pipelined === 1, "it is refused");
    },
  ],
  ["origin", {}, (shop) => askAgain(shop, { headers: { Origin: "https://elsewhere.example" } })],
  ["stopped", {}, (shop) => askAgain(shop, { lastEventId: "done.abc" })],
  [
    "stopped",
    {},
    async (shop) => {
      const cookie = await shop.signIn(ALICE);
      const stream = await shop.stream("/events", { cookie });
      await shop.hub.disconnect({ login: "alice" });
      await stream.closed;
      await askAgain(shop, { cookie, lastEventId: `${shop.hub.health().epoch}.0` });
    },
  ],
];

describe("hub.stats().refused", () => {
  it.each(REFUSALS)(
    "counts one request that got no stream, once: %s",
    async (reason, options, act) => {
      const shop = await Shop.open(options);
      shop.hub.on("error", () => undefined);
      await act(shop);

      expect(shop.hub.stats().refused).toEqual({ [reason]: 1 });
    },
  );

  it("does not count what a guard of the application refuses, nor HEAD", async () => {
    const shop = await Shop.open();
    await supertest(shop.url).get("/private").expect(401);
    await supertest(shop.url).head("/events").expect(200);

    expect(shop.hub.stats().refused).toEqual({});
  });
});
