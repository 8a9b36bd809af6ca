import express from "express";
import { createHub, sse, type EndReason, type SseUser } from "express-sse-hub";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { fakeDate } from "../support/fake-date.js";
import { openStream } from "../support/open-stream.js";
import { serve } from "../support/serve.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

describe("hub.on", () => {
  it("tells who joins and who leaves, and why", async () => {
    const shop = await Shop.open();
    const told: Array<["join" | EndReason, string, unknown]> = [];
    shop.hub.on("join", ({ id, user }) => told.push(["join", id, user]));
    shop.hub.on("leave", ({ id, user }, reason) => told.push([reason, id, user]));
    const cookie = await shop.signIn(ALICE);

    const alice = await shop.stream("/events", { cookie });
    const nobody = await shop.stream();
    nobody.close();
    await until(() => told.length === 3, "it has left");
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);

    const ids = await Promise.all([alice.opened(), nobody.opened()]);
    const [one, two] = ids.map(({ connection }) => connection);
    expect(told).toEqual([
      ["join", one, ALICE],
      ["join", two, undefined],
      ["gone", two, undefined],
      ["user", one, ALICE],
    ]);
  });

  it("tells nothing of who was never let in", async () => {
    const shop = await Shop.open({ hub: { limits: { connections: 1 } } });
    const told: string[] = [];
    await shop.stream();
    shop.hub.on("join", () => told.push("join")).on("leave", () => told.push("leave"));

    const refused = await shop.attempt();
    await refused.closed;

    expect(told).toEqual([]);
  });
});

describe("hub.users()", () => {
  it("names each user once, with the number of connections", async () => {
    const shop = await Shop.open();
    const [alice, again, bob] = [
      await shop.signIn(ALICE),
      await shop.signIn(ALICE),
      await shop.signIn(BOB),
    ];
    for (const cookie of [alice, alice, again, bob, undefined]) {
      await shop.stream("/events", { cookie });
    }

    expect(await shop.hub.users()).toEqual([
      { user: ALICE, connections: 3 },
      { user: BOB, connections: 1 },
    ]);
    expect(await shop.hub.users({ profile: "Viewer" })).toEqual([{ user: BOB, connections: 1 }]);
    expect(() => shop.hub.users({})).toThrow(expect.objectContaining({ code: "ERR_SSE_FILTER" }));
  });

  it("keeps a user in whose page reloads, and lets go of one who stays away", async () => {
    const clock = fakeDate();
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    stream.close();
    await until(() => shop.hub.size === 0, "it has left");
    expect(await shop.hub.users()).toEqual([{ user: ALICE, connections: 0 }]);
    const reloaded = await shop.stream("/events", { cookie });
    expect(await shop.hub.users()).toEqual([{ user: ALICE, connections: 1 }]);
    reloaded.close();
    await until(() => shop.hub.size === 0, "it has left again");
    clock.pass(5_000);

    expect(await shop.hub.users()).toEqual([]);
  });

  it("lets go of one who left before the clock was set back, also when it is as late again", async () => {
    const clock = fakeDate();
    const shop = await Shop.open();
    const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
    const leave = async (cookie: string) => {
      (await shop.stream("/events", { cookie })).close();
      await until(() => shop.hub.size === 0, "it has left");
    };
    await leave(alice);
    expect(await shop.hub.users()).toEqual([{ user: ALICE, connections: 0 }]);
    clock.pass(-60_000);
    expect(await shop.hub.users()).toEqual([]);
    await leave(bob);
    clock.pass(61_000);

    expect(await shop.hub.users()).toEqual([]);
  });

  it("lets go at once of one who signed out, was changed or stopped", async () => {
    const shop = await Shop.open({
      hub: { retryMs: 0 },
      routes: (app) => {
        app.post("/demote", (req, res) => {
          Object.assign(req.session, { user: { ...ALICE, profile: "Viewer" } });
          res.sendStatus(204);
        });
      },
    });
    const seen: SseUser[][] = [];
    const look = async () => seen.push((await shop.hub.users()).map(({ user }) => user));
    const cookie = await shop.signIn(ALICE);
    const reader = await ReturningReader.open(shop.url, "/events", { cookie });
    await supertest(shop.url).post("/demote").set("Cookie", cookie).expect(204);
    await reader.isOpen(2);
    await look();
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    await look();
    await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    await look();
    await shop.hub.disconnect({ login: "bob" });
    await look();

    expect(seen).toEqual([[{ ...ALICE, profile: "Viewer" }], [], [BOB], []]);
  });

  it("lets go of the old role of one who returns with another after a refresh", async () => {
    const roles = new Map([["bob", "Viewer"]]);
    const withRole = ({ user }: { user?: { login: string } }) =>
      user === undefined ? null : { login: user.login, profile: roles.get(user.login) };
    const shop = await Shop.open({
      hub: { retryMs: 0 },
      sse: { user: ({ session }) => withRole(session as { user?: { login: string } }) },
    });
    const reader = await ReturningReader.open(shop.url, "/events", {
      cookie: await shop.signIn(BOB),
    });
    expect(await shop.hub.users()).toEqual([{ user: BOB, connections: 1 }]);
    roles.set("bob", "Administrator");
    await shop.hub.refresh({ login: "bob" });
    await reader.isOpen(2);

    const promoted = { login: "bob", profile: "Administrator" };
    expect(await shop.hub.users()).toEqual([{ user: promoted, connections: 1 }]);
    expect(await shop.hub.users({ profile: "Viewer" })).toEqual([]);
  });

  it("lets go of the old role of one who is known by a credential and reloads the page", async () => {
    let profile = "Viewer";
    const hub = createHub();
    onTestEnd(() => hub.close());
    const user = () => ({ login: "bob", profile });
    const app = express().use(sse({ hub, user, credential: "token" }));
    app.get("/events", (req) => void req.sse.join());
    const { url } = await serve(app);
    const cookie = "token=bob";
    const before = await openStream(url, "/events", { cookie });
    await before.opened();
    before.close();
    await until(() => hub.size === 0, "it has left");
    expect(await hub.users()).toEqual([{ user: BOB, connections: 0 }]);
    profile = "Administrator";
    await (await openStream(url, "/events", { cookie })).opened();
    expect(await hub.users()).toEqual([{ user: { login: "bob", profile }, connections: 1 }]);
  });

  it("keeps one in who is about to return after a refresh", async () => {
    const shop = await Shop.open({ hub: { retryMs: 60_000 } });
    await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    await shop.hub.refresh({ login: "bob" });
    await until(() => shop.hub.size === 0, "it is away");
    expect(await shop.hub.users()).toEqual([{ user: BOB, connections: 0 }]);
  });

  it("lets go after a refresh of one whose return no session would tell", async () => {
    const hub = createHub({ retryMs: 60_000 });
    onTestEnd(() => hub.close());
    const app = express().use(sse({ hub, user: () => BOB }));
    app.get("/events", (req) => void req.sse.join());
    const stream = await openStream((await serve(app)).url, "/events");
    await stream.opened();
    await hub.refresh({ login: "bob" });
    await stream.closed;
    expect(await hub.users()).toEqual([]);
  });
});
