import cookieSession from "cookie-session";
import type { Express } from "express";
import express from "express";
import { createHub, sse } from "express-sse-hub";
import { MemoryStore } from "express-session";
import passport from "passport";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { ReturningReader } from "../support/returning-reader.js";
import { serve } from "../support/serve.js";
import { cookieOf, Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const VIEWER = { login: "alice", profile: "Viewer" };

/** Begins to clear at the call, and has cleared when told so. */
class SlowlyClearedStore extends MemoryStore {
  finish: () => void = () => undefined;

  override clear(done?: (error?: unknown) => void): void {
    this.finish = () => {
      super.clear(done);
    };
  }
}

function routes(app: Express): void {
  app.get("/visit", (_req, res) => {
    res.sendStatus(204);
  });
  app.post("/count", (req, res) => {
    const { visits = 0 } = req.session as unknown as { visits?: number };
    Object.assign(req.session, { visits: visits + 1 });
    res.sendStatus(204);
  });
  app.post("/set", (req, res) => {
    Object.assign(req.session, req.body);
    res.sendStatus(204);
  });
  app.post("/save-same", (req, res, next) => {
    Object.assign(req.session, { user: { ...ALICE } });
    req.session.save((error: unknown) => {
      if (error == null) res.sendStatus(204);
      else next(error);
    });
  });
}

async function send(shop: Shop, path: string, cookie: string, body: object = {}): Promise<void> {
  await supertest(shop.url).post(path).set("Cookie", cookie).send(body).expect(204);
}

describe("a stream of a session", () => {
  it.each([
    { resave: false, rolling: false },
    { resave: true, rolling: false },
    { resave: false, rolling: true },
    { resave: true, rolling: true },
  ])("goes on over requests that leave the user as it is, with %o", async (session) => {
    const shop = await Shop.open({ routes, session: { ...session, cookie: { maxAge: 60_000 } } });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    await supertest(shop.url).get("/visit").set("Cookie", cookie).expect(204);
    await send(shop, "/count", cookie);
    await send(shop, "/save-same", cookie);
    await shop.hub.broadcast("message", "still here", ALICE);

    expect(await stream.nextData()).toEqual(["still here"]);
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open"]);
  });

  it("ends at the login of its visitor, and returns as the user with what was missed [session-1]", async () => {
    const shop = await Shop.open({ session: { saveUninitialized: true }, hub: { retryMs: 0 } });
    const visit = await supertest(shop.url).get("/nowhere").expect(404);
    const cookie = cookieOf(visit.get("Set-Cookie"));
    const reader = await ReturningReader.open(shop.url, "/events", { cookie });

    // Its id is another one now; the browser sends the new one on its return.
    const answer = await supertest(shop.url).post("/login").set("Cookie", cookie).send(ALICE);
    await shop.hub.broadcast("message", "for administrators", ALICE);
    await reader.isOpen(2);
    const returned = await shop.stream("/events", {
      cookie: cookieOf(answer.get("Set-Cookie")),
      lastEventId: reader.streams[0]?.lastEventId,
    });

    expect(reader.streams[0]?.endReason).toBe("user");
    expect(await returned.nextData()).toEqual(["for administrators"]);
    expect(await returned.opened()).toMatchObject({ recovered: true });
  });

  it("stops at the call that destroys the session, before the store is asked", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    const sizes: number[] = [];
    shop.hub.on("leave", () => sizes.push(shop.hub.size, Object.keys(shop.stored).length));

    await send(shop, "/logout", cookie);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
    expect(sizes).toEqual([0, 1]);
  });

  it("that was away when its user was demoted gets what everybody may see, and no more [replay-2]", async () => {
    const shop = await Shop.open({ routes });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    stream.close();
    await until(() => shop.hub.size === 0, "it is away");

    await shop.hub.broadcast("message", "before, for administrators", { profile: "Administrator" });
    await send(shop, "/set", cookie, { user: VIEWER });
    await shop.hub.broadcast("message", "after, for administrators", { profile: "Administrator" });
    await shop.hub.broadcast("message", "for all");
    const back = await shop.stream("/events", { cookie, lastEventId: stream.lastEventId });

    expect(await back.nextData()).toEqual(["for all"]);
    expect(await back.opened()).toMatchObject({ recovered: true });
  });

  it("asks its browser back within a second", async () => {
    const shop = await Shop.open({ hub: { retryMs: 60_000 } });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    await send(shop, "/logout", cookie);
    await stream.closed;

    expect(stream.retryMs).toBeGreaterThanOrEqual(200);
    expect(stream.retryMs).toBeLessThanOrEqual(600);
  });

  it("ends on every page of the session, and on no other", async () => {
    const shop = await Shop.open();
    const [mine, other] = [await shop.signIn(ALICE), await shop.signIn(ALICE)];
    const [one, two, third] = [
      await shop.stream("/events", { cookie: mine }),
      await shop.stream("/rooms/desk", { cookie: mine }),
      await shop.stream("/events", { cookie: other }),
    ];

    await send(shop, "/logout", mine);
    await shop.hub.broadcast("message", "hello", ALICE);

    expect(await Promise.all([one.closed, two.closed])).toEqual(["user", "user"]);
    expect(await third.nextData()).toEqual(["hello"]);
  });

  it("ends a stream of the request's own, too", async () => {
    const shop = await Shop.open({
      routes: (app) => {
        app.get("/own", (req) => {
          req.sse.open();
        });
      },
    });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/own", { cookie });
    const [connection] = shop.hub.connections();

    await send(shop, "/logout", cookie);

    expect(await stream.closed).toBe("user");
    expect(connection?.signal.reason).toMatchObject({
      code: "ERR_SSE_ENDED",
      message: "The stream has ended (user).",
    });
  });

  it("ends when all sessions are cleared, and is not let in again while they are", async () => {
    const store = new SlowlyClearedStore();
    const shop = await Shop.open({ session: { store }, hub: { retryMs: 0 } });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    store.clear();
    const again = await shop.attempt("/events", { cookie });
    await again.closed;
    store.finish();
    await shop.hub.broadcast("message", "secret", ALICE);
    const last = await shop.stream("/events", { cookie });

    expect([await stream.closed, again.endReason, last.endReason]).toEqual([
      "user",
      "user",
      undefined,
    ]);
    expect(shop.hub.connections().map(({ user }) => user)).toEqual([undefined]);
  });
});

describe("a user function and a watch of the application's own", () => {
  const profiles = new Map<unknown, string>();

  function open() {
    profiles.set(7, "Administrator");
    return Shop.open({
      routes,
      hub: { retryMs: 0 },
      sse: {
        user: (req) => {
          const { userId } = req.session as unknown as { userId?: number };
          return userId === undefined ? null : { id: userId, profile: profiles.get(userId) };
        },
        watch: (session) => (session as unknown as { userId?: number }).userId,
      },
    });
  }

  it("tell what a stream depends on", async () => {
    const shop = await open();
    const cookie = await shop.signIn({});
    await send(shop, "/set", cookie, { userId: 7 });
    const stream = await shop.stream("/events", { cookie });

    await send(shop, "/set", cookie, { user: "of no interest", cart: [1, 2] });
    await shop.hub.broadcast("message", "still here", { id: 7 });
    expect(await stream.nextData()).toEqual(["still here"]);
    await send(shop, "/set", cookie, { userId: 8 });

    expect(await stream.closed).toBe("user");
  });

  it("go with refresh() for what is in no session", async () => {
    const shop = await open();
    const cookie = await shop.signIn({});
    await send(shop, "/set", cookie, { userId: 7 });
    const reader = await ReturningReader.open(shop.url, "/events", { cookie });

    profiles.set(7, "Viewer");
    await shop.hub.refresh({ id: 7 });
    await shop.hub.broadcast("message", "secret", { profile: "Administrator" });
    await shop.hub.broadcast("message", "for viewers", { profile: "Viewer" });
    await reader.has("message", "for viewers");

    expect(reader.dataOf("message")).toEqual(["for viewers"]);
    expect(reader.streams[0]?.endReason).toBe("refresh");
  });
});

describe("passport", () => {
  async function open() {
    const authenticator = new passport.Passport();
    authenticator.serializeUser((user, done) => {
      done(null, (user as typeof ALICE).login);
    });
    authenticator.deserializeUser((login, done) => {
      done(null, login === "alice" ? ALICE : false);
    });
    return Shop.open({
      hub: { retryMs: 0 },
      session: { saveUninitialized: true },
      routes: (app) => {
        app.use(authenticator.session());
        app.post("/passport/login", (req, res, next) => {
          req.login(ALICE, (error: unknown) => {
            if (error == null) res.sendStatus(204);
            else next(error);
          });
        });
        app.post("/passport/logout", (req, res, next) => {
          req.logout((error: unknown) => {
            if (error == null) res.sendStatus(204);
            else next(error);
          });
        });
      },
    });
  }

  it("ends streams at login and logout, and names their user", async () => {
    const shop = await open();
    const visit = await supertest(shop.url).get("/nowhere").expect(404);
    const before = cookieOf(visit.get("Set-Cookie"));
    const anonymous = await shop.stream("/events", { cookie: before });

    const login = await supertest(shop.url).post("/passport/login").set("Cookie", before);
    expect(await anonymous.closed).toBe("user");
    const cookie = cookieOf(login.get("Set-Cookie"));
    const stream = await shop.stream("/events", { cookie });
    expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE]);
    await supertest(shop.url).post("/passport/logout").set("Cookie", cookie).expect(204);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
  });
});

describe("cookie-session, which has no store", () => {
  async function open() {
    const app = express();
    const hub = createHub({ retryMs: 0, limits: { perSession: 1 } });
    onTestEnd(() => hub.close());
    app.use(cookieSession({ keys: ["spec"] }));
    app.use(sse({ hub }));
    app.post("/login", (req, res) => {
      Object.assign(req.session, { user: ALICE });
      res.sendStatus(204);
    });
    app.get("/events", (req) => {
      req.sse.join();
    });
    const { url } = await serve(app);
    const answer = await supertest(url).post("/login").expect(204);
    const cookie = (answer.get("Set-Cookie") ?? []).map((one) => one.split(";", 1)).join("; ");
    return { hub, url, cookie };
  }

  it("joins as the user, without a limit by session", async () => {
    const { hub, url, cookie } = await open();
    const streams = [
      await openStream(url, "/events", { cookie }),
      await openStream(url, "/events", { cookie }),
    ];
    for (const stream of streams) {
      onTestEnd(() => {
        stream.close();
      });
      await stream.opened();
    }

    await hub.broadcast("message", "hello", ALICE);

    expect(await Promise.all(streams.map((stream) => stream.nextData()))).toEqual([
      ["hello"],
      ["hello"],
    ]);
  });

  it("returns on refresh() with nothing lost", async () => {
    const { hub, url, cookie } = await open();
    const reader = await ReturningReader.open(url, "/events", { cookie });

    await hub.refresh(ALICE);
    await hub.broadcast("message", "hello", ALICE);
    await reader.has("message", "hello");

    expect(reader.streams.map(({ endReason }) => endReason)).toEqual(["refresh", undefined]);
  });

  it("stops on disconnect()", async () => {
    const { hub, url, cookie } = await open();
    const reader = await ReturningReader.open(url, "/events", { cookie });

    await hub.disconnect(ALICE);

    expect(await reader.stopped).toBe(204);
    expect(reader.streams[0]?.endReason).toBe("stop");
  });
});
