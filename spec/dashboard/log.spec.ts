import { memoryLog } from "express-sse-hub";
import type { LogAnswer, UserAnswer } from "../../lib/dashboard/log-view.js";
import { userKeyOf, type User } from "../../lib/user/user.js";
import supertest from "supertest";
import type { Shop } from "../support/shop.js";
import { ALICE, ask, BOB, openDashboardShop, tokenFor } from "./dashboard-shop.js";

const CARL = { id: 3, name: "Carl", profile: "Viewer" };

function logOf(shop: Shop, cookie: string, after = ""): Promise<LogAnswer> {
  return ask<LogAnswer>(shop, cookie, `log?after=${after}`);
}

function userOf(shop: Shop, cookie: string, user: User, after = ""): Promise<UserAnswer> {
  return ask<UserAnswer>(shop, cookie, `user?key=${userKeyOf(user)}&after=${after}`);
}

function eventsIn({ entries }: LogAnswer): string[] {
  return entries.map(({ event }) => event);
}

async function send(shop: Shop, cookie: string, body: object): Promise<void> {
  const token = await tokenFor(shop, cookie);
  await supertest(shop.url)
    .post("/sse-admin/send")
    .set({ Cookie: cookie, "SSE-Dashboard-Token": token, "Sec-Fetch-Site": "same-origin" })
    .send(body)
    .expect(200);
}

describe("the log view", () => {
  it("gives the newest entries, and then what has come since", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    const before = Date.now();
    const id = await shop.hub.to("news").broadcast("offer", "€", { profile: "Viewer" });
    await shop.hub.volatile().broadcast("typing", "");
    const first = await logOf(shop, alice);
    expect(first).toMatchObject({ isAnew: true, left: 0 });
    expect(first.entries[0]).toEqual({
      id,
      time: expect.any(Number) as number,
      event: "offer",
      bytes: Buffer.byteLength(`id: ${id}\nevent: offer\ndata: €\n\n`),
      rooms: ["news"],
      filter: { profile: "Viewer" },
      except: null,
      isVolatile: false,
    });
    expect(first.entries[0]?.time).toBeGreaterThanOrEqual(before - 1_000);
    expect(first.entries[0]?.time).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(first.entries[1]).toMatchObject({ event: "typing", isVolatile: true });
    await shop.hub.broadcast("next", "");
    const second = await logOf(shop, alice, first.at);
    expect([second.isAnew, eventsIn(second)]).toEqual([false, ["next"]]);
    expect(eventsIn(await logOf(shop, alice, second.at))).toEqual([]);
  });

  it("gives the newest of many, and says how many it has left out", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    const { at } = await logOf(shop, alice);
    for (let n = 0; n < 300; n += 1) await shop.hub.broadcast(`event-${n}`, "");
    const answer = await logOf(shop, alice, at);
    expect([answer.entries.length, answer.left]).toEqual([200, 100]);
    expect(eventsIn(answer).at(-1)).toBe("event-299");
  });

  it.each(["another.1", "x", ".", "9e9", "%00", "-1.-1"])(
    "begins anew after %s, which is no place in this log",
    async (after) => {
      const shop = await openDashboardShop();
      const alice = await shop.signIn(ALICE);
      await shop.hub.broadcast("offer", "");
      expect(await logOf(shop, alice, after)).toMatchObject({ isAnew: true });
    },
  );

  it("begins anew where the log has let go of the place", async () => {
    const shop = await openDashboardShop({ hub: { log: memoryLog({ maxEvents: 5 }) } });
    const alice = await shop.signIn(ALICE);
    const { at } = await logOf(shop, alice);
    for (let n = 0; n < 9; n += 1) await shop.hub.broadcast(`event-${n}`, "");
    const answer = await logOf(shop, alice, at);
    expect([answer.isAnew, eventsIn(answer).length]).toEqual([true, 5]);
  });

  it("marks what was sent from the dashboard with who sent it, for the dashboard alone", async () => {
    const shop = await openDashboardShop();
    const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
    const stream = await shop.stream("/events", { cookie: bob });
    await send(shop, alice, { event: "offer", data: "9" });
    await shop.hub.broadcast("plain", "");
    expect((await stream.next()).event).toBe("offer");
    const { entries } = await logOf(shop, alice);
    expect(entries.map(({ event, sentBy }) => [event, sentBy])).toEqual([
      ["offer", ALICE],
      ["plain", undefined],
    ]);
    expect(stream.raw).not.toContain("Alice");
  });

  it("marks also what a visitor without a user has sent", async () => {
    const shop = await openDashboardShop({ allow: () => true });
    const cookie = "nobody=1";
    const token = await tokenFor(shop, cookie);
    await supertest(shop.url)
      .post("/sse-admin/send")
      .set({ "SSE-Dashboard-Token": token, "Sec-Fetch-Site": "same-origin" })
      .send({ event: "bare", data: "" })
      .expect(200);
    expect((await logOf(shop, cookie)).entries.at(-1)).toMatchObject({
      event: "bare",
      sentBy: null,
    });
  });

  it("says of a predicate that it is one", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    await shop.hub.broadcast("offer", "", () => true);
    expect((await logOf(shop, alice)).entries[0]?.filter).toBe("predicate");
  });
});

describe("payloads", () => {
  it("are not sent to the page unless the dashboard is told to show them", async () => {
    for (const payloads of [undefined, true]) {
      const shop = await openDashboardShop(payloads ? { shows: { payloads } } : {});
      const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
      await shop.stream("/events", { cookie: bob });
      const { at } = await userOf(shop, alice, BOB);
      await shop.hub.broadcast("offer", "a secret\nof two lines");
      await shop.hub.broadcast("long", "x".repeat(10_000));
      for (const { entries } of [await logOf(shop, alice), await userOf(shop, alice, BOB, at)]) {
        expect(JSON.stringify(entries).includes("secret")).toBe(payloads === true);
        if (payloads !== true) continue;
        expect(entries[0]?.data).toBe("a secret\nof two lines");
        expect([entries[1]?.data?.length, entries[1]?.isCut]).toEqual([4_000, true]);
      }
    }
  });
});

describe("one user's page", () => {
  it("tells which events are delivered to that user from now on", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    const bob = await shop.stream("/rooms/news", { cookie: await shop.signIn(BOB) });
    await shop.stream("/rooms/sport", { cookie: await shop.signIn(CARL) });
    await shop.hub.broadcast("before", "");
    const first = await userOf(shop, alice, BOB);
    expect([first.user, first.connections.length, eventsIn(first)]).toEqual([BOB, 1, []]);
    await shop.hub.broadcast("everybody", "");
    await shop.hub.broadcast("bob", "", { id: 2 });
    await shop.hub.broadcast("carl", "", { id: 3 });
    await shop.hub.to("news").broadcast("news", "");
    await shop.hub.to("sport").broadcast("sport", "");
    await shop.hub.broadcast("predicate", "", ({ user }) => user?.id === 2);
    await shop.hub.broadcast("not-carl", "", (connection) => connection.rooms.has("sport"));
    const { connection } = await bob.opened();
    await shop.hub.except(connection).broadcast("others", "");
    const second = await userOf(shop, alice, BOB, first.at);
    expect(eventsIn(second)).toEqual(["everybody", "bob", "news", "predicate"]);
    expect(eventsIn(await userOf(shop, alice, BOB, second.at))).toEqual([]);
  });

  it("tells also of what came while the user reconnected, which is delivered on the return", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const { at } = await userOf(shop, alice, BOB);
    bob.close();
    while (shop.hub.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await shop.hub.broadcast("meanwhile", "", { id: 2 });
    const answer = await userOf(shop, alice, BOB, at);
    expect([answer.user, answer.connections, eventsIn(answer)]).toEqual([BOB, [], ["meanwhile"]]);
  });

  it("knows nobody by a key that nobody has", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    expect(await ask(shop, alice, "user?key=nobody")).toMatchObject({
      user: null,
      connections: [],
      entries: [],
    });
  });

  it("does not read the log when nobody looks", async () => {
    const log = memoryLog();
    let reads = 0;
    const read = log.read.bind(log);
    log.read = (...args) => {
      reads += 1;
      return read(...args);
    };
    const shop = await openDashboardShop({ hub: { log } });
    const alice = await shop.signIn(ALICE);
    await userOf(shop, alice, BOB);
    await logOf(shop, alice);
    const before = reads;
    await shop.hub.broadcast("offer", "");
    expect(reads).toBe(before);
  });
});
