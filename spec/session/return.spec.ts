import { Shop, type ShopOptions } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

function open(options: ShopOptions = {}) {
  return Shop.open({
    ...options,
    routes: (app) => {
      app.get("/state", (req) => {
        req.sse.join({ first: () => ["state", req.sse.user?.login ?? "nobody"] });
      });
      app.post("/become", (req, res) => {
        Object.assign(req.session, req.body as object);
        res.sendStatus(204);
      });
    },
  });
}

async function become(shop: Shop, cookie: string, content: object) {
  const headers = { cookie, "Content-Type": "application/json" };
  const body = JSON.stringify(content);
  await fetch(`${shop.url}/become`, { method: "POST", headers, body });
}

describe("a browser whose user has changed", () => {
  it("begins with the new user's state, and misses nothing it may see now", async () => {
    const shop = await open();
    const cookie = await shop.signIn(BOB);
    await shop.hub.retain("r").broadcast("message", "for admins", { profile: "Administrator" });
    const before = await shop.stream("/state", { cookie });
    expect(await before.nextData()).toEqual(["bob"]);

    await become(shop, cookie, { user: ALICE });
    expect(await before.closed).toBe("user");
    await shop.hub.broadcast("message", "meanwhile", { login: "alice" });
    const after = await shop.stream("/state", { cookie, lastEventId: before.lastEventId });
    await shop.hub.broadcast("message", "live");

    expect(await after.opened()).toMatchObject({ recovered: true });
    expect(await after.nextData(4)).toEqual(["alice", "for admins", "meanwhile", "live"]);
    expect(after.lastEventId).toMatch(/^[\w-]+\.3$/);
  });

  it("returns by itself a moment later, by the short time it is told", async () => {
    const shop = await open();
    const cookie = await shop.signIn(BOB);
    const stream = await shop.stream("/state", { cookie });
    await shop.hub.refresh({ login: "bob" });
    expect(await stream.closed).toBe("refresh");
    expect(stream.retryMs).toBeGreaterThanOrEqual(200);
    expect(stream.retryMs).toBeLessThanOrEqual(600);
  });
});

describe("a user function of the application's own", () => {
  it("is taken to depend on all of the session, unless watch says what on", async () => {
    const user = (req: object) => {
      const { login } = (req as { session: { login?: string } }).session;
      return login === undefined ? null : { login };
    };
    const watch = (session: object) => (session as { login?: string }).login;
    for (const [options, isEnded] of [
      [{ user }, true],
      [{ user, watch }, false],
    ] as const) {
      const shop = await open({ sse: options });
      const cookie = await shop.signIn(BOB);
      await become(shop, cookie, { login: "carol" });
      const stream = await shop.stream("/state", { cookie });
      await become(shop, cookie, { visits: 1 });
      await shop.hub.broadcast("message", "marker");
      expect([stream.endReason === "user", await shop.hub.users()]).toEqual([
        isEnded,
        isEnded ? [] : [{ user: { login: "carol" }, connections: 1 }],
      ]);
      const last = await shop.stream("/state", { cookie });
      await become(shop, cookie, { login: "dave" });
      expect(await last.closed).toBe("user");
    }
  });
});

describe("a session in use", () => {
  it("is read again all the same, however often other requests prolong it", async () => {
    const shop = await Shop.open({
      hub: { revalidateMs: 200 },
      session: { cookie: { maxAge: 60_000 } },
    });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    // Behind the back of this process, as another one would.
    const { sessions } = shop.store as unknown as { sessions: Record<string, string> };
    for (const [id, json] of Object.entries(sessions)) {
      sessions[id] = json.replace("Administrator", "Viewer");
    }
    let isOver = false;
    const polling = (async () => {
      while (!isOver) await fetch(`${shop.url}/nothing`, { headers: { cookie } });
    })();
    expect(await stream.closed).toBe("user");
    isOver = true;
    await polling;
  });
});

describe("a session that was told to stop", () => {
  it("is let in with a page that is loaded anew, and that page may come back", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const stopped = await shop.stream("/events", { cookie });
    const before = (await stopped.hub("hub:open")).id;
    await shop.hub.disconnect({ login: "alice" });
    expect(await stopped.closed).toBe("stop");
    const back = await shop.attempt("/events", { cookie, lastEventId: before });
    expect(back.status).toBe(204);

    const page = await shop.stream("/events", { cookie });
    page.close();
    const returned = await shop.stream("/events", { cookie, lastEventId: page.lastEventId });
    expect(await returned.opened()).toMatchObject({ recovered: true });
  });
});

it("makes nobody anonymous when the store is away before anybody opened a stream", async () => {
  const shop = await Shop.open();
  shop.hub.on("error", () => undefined);
  const cookie = await shop.signIn(ALICE);
  shop.store.emit("disconnect");
  const stream = await shop.attempt("/events", { cookie });
  await stream.closed;
  const told = stream.all.map(({ event }) => event);
  expect([stream.status, told, shop.hub.size]).toEqual([200, ["hub:tick"], 0]);
});
