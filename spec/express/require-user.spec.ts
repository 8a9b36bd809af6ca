import type { ErrorRequestHandler } from "express";
import { createHub, requireUser, sse } from "express-sse-hub";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { EXPRESS_VERSIONS, Shop } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

// Express prints an error that no handler of the application takes.
const showError: ErrorRequestHandler = (error, _req, res, _next) => {
  const {
    status = 500,
    code,
    message,
  } = error as {
    status?: number;
    code?: string;
    message: string;
  };
  res.status(status).json({ code, message });
};

describe.each(EXPRESS_VERSIONS)("requireUser on %s", (_version, express) => {
  async function open(user?: () => unknown) {
    const shop = await Shop.open({
      express,
      ...(user === undefined ? {} : { sse: { user: user as () => object } }),
      routes: (app) => {
        const answer = (_req: unknown, res: { send: (text: string) => unknown }) => res.send("in");
        app.get("/any", requireUser(), answer);
        app.get("/admin", requireUser({ profile: "Administrator" }), answer);
      },
    });
    shop.app.use(showError);
    return shop;
  }

  it("answers 401 without a user, 403 to the wrong one, and lets the right one in", async () => {
    const shop = await open();
    const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
    const statusOf = async (path: string, cookie = "") =>
      (await supertest(shop.url).get(path).set("Cookie", cookie)).status;
    expect(await statusOf("/any")).toBe(401);
    expect(await statusOf("/admin")).toBe(401);
    expect(await statusOf("/any", bob)).toBe(200);
    expect(await statusOf("/admin", bob)).toBe(403);
    expect(await statusOf("/admin", alice)).toBe(200);
  });

  it("answers a request for a stream with 401 too, so that EventSource stops [origin-4]", async () => {
    const shop = await open();
    const stream = await shop.attempt("/private");
    expect(stream.status).toBe(401);
    expect(shop.hub.size).toBe(0);
  });

  it.each([
    ["at once", () => ALICE, 200],
    ["later", () => Promise.resolve(ALICE), 200],
    ["as null", () => null, 401],
    ["later as undefined", () => Promise.resolve(undefined), 401],
    [
      "by throwing",
      () => {
        throw new Error("mine");
      },
      500,
    ],
    ["by rejecting", () => Promise.reject(new Error("mine")), 500],
    ["as a string", () => "alice", 500],
  ])("takes a user function that answers %s [socket-8]", async (_how, user, status) => {
    const shop = await open(user);
    expect((await supertest(shop.url).get("/any")).status).toBe(status);
  });

  it("says what to mount when sse() is missing", async () => {
    const app = express();
    app.get("/any", requireUser());
    app.use(showError);
    const res = await supertest(app).get("/any");
    expect([res.status, res.body]).toEqual([
      500,
      { code: "ERR_SSE_NOT_MOUNTED", message: expect.stringContaining("app.use(sse({ hub }))") },
    ]);
  });

  it("says what to mount when there is no session, and so does a filtered broadcast", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const app = express();
    app.use(sse({ hub }));
    app.get("/any", requireUser());
    app.use(showError);
    expect(() => void hub.broadcast("message", "x", { a: 1 })).not.toThrow();
    const res = await supertest(app).get("/any");
    expect([res.status, res.body]).toEqual([
      500,
      { code: "ERR_SSE_NO_SESSION", message: expect.stringContaining("app.use(session(") },
    ]);
    expect(() => hub.broadcast("message", "x", { a: 1 })).toThrow(
      expect.objectContaining({ code: "ERR_SSE_NO_SESSION" }),
    );
    await hub.broadcast("message", "everybody");
  });

  it("lets no user become anonymous while the store is away [session-5]", async () => {
    const shop = await open();
    shop.hub.on("error", () => undefined);
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/private", { cookie });
    shop.store.emit("disconnect");
    expect((await supertest(shop.url).get("/any").set("Cookie", cookie)).status).toBe(503);
    for (const path of ["/private", "/events"]) {
      const putOff = await shop.attempt(path, { cookie });
      await putOff.closed;
      const told = putOff.hubEvents.map(({ event }) => event);
      expect([putOff.status, told]).toEqual([200, ["hub:tick"]]);
      expect(putOff.retryMs).toBeGreaterThan(0);
    }
    shop.store.emit("connect");
    await shop.stream("/private", { cookie });
    stream.close();
  });

  it("refuses a matcher that cannot be one, when the route is made", () => {
    expect(() => requireUser({})).toThrow(expect.objectContaining({ code: "ERR_SSE_FILTER" }));
  });
});
