import { inspect } from "node:util";
import type { HubOptions, SseOptions, SseUser } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";
import { until } from "../support/shop.js";
import { TokenShop, tokenOf } from "../support/token-shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };
const SOON = { revalidateMs: 20, retryMs: 0 };

/** A shop whose tokens are good until they are on its list. */
async function openShop(hub: HubOptions = SOON, sse: Partial<SseOptions> = {}) {
  const revoked = new Set<string>();
  const asked: Array<[user: SseUser, credential: string]> = [];
  const shop = await TokenShop.open({
    hub,
    sse: {
      verify: (user, credential) => {
        asked.push([user, credential]);
        return Promise.resolve(!revoked.has(credential));
      },
      ...sse,
    },
  });
  return { shop, revoked, asked };
}

describe("verify", () => {
  it("ends the streams of a credential that is revoked elsewhere, and no others", async () => {
    const { shop, revoked } = await openShop();
    const [alice, bob] = [tokenOf(ALICE), tokenOf(BOB)];
    const [one, two, other] = [
      await shop.stream(alice),
      await shop.stream(alice),
      await shop.stream(bob),
    ];

    revoked.add(alice);

    expect([await one.closed, await two.closed]).toEqual(["user", "user"]);
    expect(shop.hub.stats().sessionsEnded).toEqual({ revalidated: 1 });
    await shop.hub.broadcast("message", "still here");
    expect(await other.nextData()).toEqual(["still here"]);
  });

  it("is asked before a stream is given anything, and again once for all with one credential", async () => {
    const { shop, asked } = await openShop({ revalidateMs: 3_000 });
    const alice = tokenOf(ALICE);
    for (let count = 0; count < 3; count += 1) await shop.stream(alice);
    expect(asked).toEqual([1, 2, 3].map(() => [ALICE, alice]));

    await until(() => asked.length > 3, "it is asked again");
    // The others would have had their turn together with that one.
    await new Promise((resolve) => setImmediate(resolve));

    expect(asked).toHaveLength(4);
  });

  it("lets nobody in whose credential it refuses", async () => {
    const { shop, revoked } = await openShop();
    const alice = tokenOf(ALICE);
    revoked.add(alice);

    const stream = await shop.attempt(alice);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
  });

  it("is asked for the value that a response has set since", async () => {
    const { shop, revoked, asked } = await openShop();
    const [old, next] = [tokenOf(ALICE), tokenOf(ALICE)];
    const stream = await shop.stream(old);

    await shop.set(old, `token=${next}`);
    revoked.add(old);
    await until(() => asked.some(([, credential]) => credential === next), "it is asked");
    await shop.hub.broadcast("message", "still here", ALICE);
    expect(await stream.nextData()).toEqual(["still here"]);
    revoked.add(next);

    expect(await stream.closed).toBe("user");
  });

  it("keeps only who it says true of", async () => {
    const { shop } = await openShop(SOON, { verify: () => 1 as unknown as boolean });

    const stream = await shop.attempt(tokenOf(ALICE));

    expect(await stream.closed).toBe("user");
  });

  it("is asked for the token that a function gives, with chunks one behind the other", async () => {
    const { shop: bearer, asked } = await openShop(SOON, {
      credential: ({ headers }) => headers.authorization?.slice("Bearer ".length),
    });
    const { shop: chunked, asked: ofChunks } = await openShop(SOON, {
      credential: ["none", "app*"],
      user: () => ALICE,
    });
    const parts = Array.from({ length: 11 }, (_, n) => `app.${n}=${n}%20`).reverse();
    const { login } = ALICE;
    const headers = { Authorization: "Bearer one" };

    await bearer.stream(tokenOf(ALICE), { headers });
    await chunked.stream("", { cookie: parts.join("; ") });

    expect([asked[0], ofChunks[0]]).toEqual([
      [expect.objectContaining({ login }), "one"],
      [expect.objectContaining({ login }), "0 1 2 3 4 5 6 7 8 9 10 "],
    ]);
  });

  it.each([
    ["end", "error"],
    ["keep", ["still here"]],
  ] as const)(
    "that fails does to open streams what onStoreError says: %s",
    async (onStoreError, told) => {
      let isFailing = false;
      const verify = () => {
        if (isFailing) throw new Error("the database is away");
        return true;
      };
      const { shop } = await openShop({ ...SOON, onStoreError }, { verify });
      const errors: string[] = [];
      shop.hub.on("error", ({ code }) => errors.push(code));
      const stream = await shop.stream(tokenOf(ALICE));

      isFailing = true;
      await until(() => errors.includes("ERR_SSE_STORE"), "it has failed");
      await shop.hub.broadcast("message", "still here");
      const refused = await shop.attempt(tokenOf(ALICE));
      await refused.closed;

      expect(refused.status).toBe(200);
      expect(refused.hubEvents.filter(({ event }) => event === "hub:open")).toEqual([]);
      const isKept = onStoreError === "keep";
      expect(await (isKept ? stream.nextData() : stream.closed)).toEqual(told);
    },
  );

  it("asks sixteen at once, and no more", async () => {
    const gate = new Deferred<boolean>();
    let isOpening = true;
    let atOnce = 0;
    const verify = () => {
      if (isOpening) return true;
      atOnce += 1;
      return gate.promise;
    };
    const { shop } = await openShop(SOON, { verify });
    for (let count = 0; count < 40; count += 1) await shop.stream(tokenOf({ id: count }));

    isOpening = false;
    await until(() => atOnce >= 16, "sixteen are asked for");
    await until(() => shop.hub.size === 40, "all are there");
    const most = atOnce;
    gate.resolve(true);

    expect(most).toBe(16);
  });
});

it("is in nothing the hub hands out or says: the value of a credential", async () => {
  const { shop, revoked } = await openShop();
  const [alice, next] = [tokenOf(ALICE), tokenOf(ALICE)];
  const errors: unknown[] = [];
  shop.hub.on("error", (error) => errors.push(error));
  const stream = await shop.stream(alice);
  const connections = shop.hub.connections();
  await shop.set(alice, `token=${next}`);
  const shown = () => {
    const links = connections.flatMap((one) => [
      one.user,
      (one as unknown as { credential: unknown }).credential,
    ]);
    const all = [shop.hub, connections, links, errors, shop.hub.stats()];
    return inspect(all, { showHidden: true, depth: 20 });
  };
  const before = shown();
  revoked.add(next);
  await stream.closed;

  const everything = [before, shown(), stream.raw, JSON.stringify(stream.headers)].join("\n");
  expect(everything).toContain("alice");
  for (const token of [alice, next]) expect(everything).not.toContain(token);
});
