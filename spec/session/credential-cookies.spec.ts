import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Express, Request, Response } from "express";
import { createHub, sse, type SseOptions, type SseRequest } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";
import { onTestEnd } from "../support/disposers.js";
import { fakeDate } from "../support/fake-date.js";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";
import { TokenShop, tokenOf, userOf, userOfToken } from "../support/token-shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const VIEWER = { login: "alice", profile: "Viewer" };
const BOB = { login: "bob", profile: "Administrator" };
const GONE = "token=; Path=/; Max-Age=0";

describe("a response that clears the credential", () => {
  it.each([
    ["with nothing in it", "token="],
    ["with Max-Age", "token=x; Max-Age=0; Path=/"],
    ["with a time that is over", "token=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly"],
    [
      "with Max-Age before a time to come",
      "token=x; expires=Fri, 01 Jan 2999 00:00:00 GMT; max-age=-1",
    ],
  ])("ends the streams that were opened with it, %s", async (_how, cookie) => {
    const shop = await TokenShop.open();
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    await shop.set(token, cookie);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
    expect(shop.hub.stats().sessionsEnded).toEqual({ destroyed: 1 });
  });

  it("ends no others", async () => {
    const shop = await TokenShop.open();
    const [one, other] = [tokenOf(ALICE), tokenOf(ALICE)];
    const stream = await shop.stream(other);

    await shop.set(one, GONE);
    await shop.set(null, GONE);
    await shop.set(other, "session=; Max-Age=0");
    await shop.hub.broadcast("message", "still here", ALICE);

    expect(await stream.nextData()).toEqual(["still here"]);
  });

  it("stops a stream that is being opened with it, and one whose request comes late", async () => {
    const asked = new Deferred<undefined>();
    const shop = await TokenShop.open({
      sse: { user: (req) => asked.promise.then(() => userOf(req)) },
    });
    const token = tokenOf(ALICE);
    const early = await shop.attempt(token);
    await until(() => shop.hub.size === 1, "it is registered");

    await shop.set(token, GONE);
    asked.resolve(undefined);
    await shop.hub.broadcast("message", "secret", ALICE);
    const late = await shop.attempt(token);

    expect([await early.closed, await late.closed]).toEqual(["user", "user"]);
    expect([...early.pending, ...late.pending]).toEqual([]);
  });

  it("lets in who is signed in again with the same value", async () => {
    const shop = await TokenShop.open();
    const token = tokenOf(ALICE);
    await shop.set(token, GONE);

    await shop.set(null, `token=${token}; Path=/`);
    const stream = await shop.stream(token);
    await shop.hub.broadcast("message", "hello", ALICE);

    expect(await stream.nextData()).toEqual(["hello"]);
  });
});

describe("a response that sets another credential", () => {
  it("leaves the streams of the same user alone, under every value since", async () => {
    const shop = await TokenShop.open();
    let token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    for (let count = 0; count < 20; count += 1) {
      const next = tokenOf(ALICE);
      await shop.set(token, `token=${next}; Path=/`);
      await shop.hub.broadcast("message", String(count), ALICE);
      token = next;
    }
    expect(await stream.nextData(20)).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
    await shop.set(token, GONE);

    expect(await stream.closed).toBe("user");
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:open", "hub:end"]);
  });

  it("keeps whichever of two values the browser has, when two requests were under way", async () => {
    const shop = await TokenShop.open();
    const [token, one, other] = [tokenOf(ALICE), tokenOf(ALICE), tokenOf(ALICE)];
    const stream = await shop.stream(token);

    await shop.set(token, `token=${one}`);
    await shop.set(token, `token=${other}`);
    const beside = await shop.stream(one);
    await shop.set(one, GONE);

    expect([await stream.closed, await beside.closed]).toEqual(["user", "user"]);
  });

  it.each([
    ["with less rights", VIEWER],
    ["another one", BOB],
  ])("ends the streams where its user is %s", async (_who, user) => {
    const shop = await TokenShop.open();
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    await shop.set(token, `token=${tokenOf(user)}`);
    await shop.hub.broadcast("message", "secret", ALICE);
    const late = await shop.attempt(token);

    expect([await stream.closed, await late.closed]).toEqual(["user", "user"]);
    expect([...stream.pending, ...late.pending]).toEqual([]);
    expect(shop.hub.stats().sessionsEnded).toEqual({ changed: 1 });
  });

  it.each([
    ["before", [VIEWER, ALICE]],
    ["after", [ALICE, VIEWER]],
  ])(
    "ends a stream that is being opened with the old value, %s another request rolled that",
    async (_when, users) => {
      const asked = new Deferred<undefined>();
      const user: SseOptions["user"] = (req) =>
        req.headers.accept === "text/event-stream"
          ? asked.promise.then(() => userOf(req))
          : userOf(req);
      const shop = await TokenShop.open({ sse: { user } });
      const token = tokenOf(ALICE);
      const early = await shop.attempt(token);
      await until(() => shop.hub.size === 1, "it is registered");

      for (const next of users) await shop.set(token, `token=${tokenOf(next)}`);
      asked.resolve(undefined);
      await shop.hub.broadcast("message", "secret", ALICE);
      const late = await shop.attempt(token);

      expect([await early.closed, await late.closed]).toEqual(["user", "user"]);
      expect([...early.pending, ...late.pending]).toEqual([]);
    },
  );

  it("lets in either of two values that stand for different users, as who it stands for", async () => {
    const shop = await TokenShop.open();
    const [token, viewer, admin] = [tokenOf(ALICE), tokenOf(VIEWER), tokenOf(ALICE)];
    await shop.set(token, `token=${viewer}`);
    await shop.set(token, `token=${admin}`);

    const streams = [await shop.stream(viewer), await shop.stream(admin)];
    await shop.hub.broadcast("message", "for administrators", ALICE);
    await shop.hub.broadcast("message", "for viewers", VIEWER);

    expect(await Promise.all(streams.map((stream) => stream.nextData()))).toEqual([
      ["for viewers"],
      ["for administrators"],
    ]);
  });

  it("is known to a request that comes late, also where nobody has a stream", async () => {
    const shop = await TokenShop.open();
    const [token, bob] = [tokenOf(ALICE), tokenOf(BOB)];
    await shop.set(token, `token=${tokenOf(ALICE)}`);
    await shop.set(bob, `token=${tokenOf(ALICE)}`);

    const [same, late] = [await shop.stream(token), await shop.attempt(bob)];

    expect(await late.closed).toBe("user");
    await shop.hub.broadcast("message", "hello", ALICE);
    expect(await same.nextData()).toEqual(["hello"]);
  });

  it("prolongs the time of a user whose token was renewed", async () => {
    const shop = await TokenShop.open({ hub: { revalidateMs: 20 } });
    const soon = tokenOf({ ...ALICE, expiresAt: Date.now() + 2_000 });
    const stream = await shop.stream(soon);

    await shop.set(soon, `token=${tokenOf({ ...ALICE, expiresAt: Date.now() + 600_000 })}`);
    await until(
      () => Date.now() > (userOfToken(soon) as { expiresAt: number }).expiresAt + 100,
      "that time is over",
    );
    await shop.hub.broadcast("message", "still here", { login: "alice" });

    expect(await stream.nextData()).toEqual(["still here"]);
  });

  it("holds the streams until an asynchronous user function has answered", async () => {
    const gate: { isShut?: Deferred<undefined> } = {};
    const user: SseOptions["user"] = async (req) => {
      await gate.isShut?.promise;
      return userOf(req);
    };
    const shop = await TokenShop.open({ sse: { user } });
    const [token, viewer, rolled] = [tokenOf(ALICE), tokenOf(VIEWER), tokenOf(ALICE)];
    const [stays, ends] = [await shop.stream(token), await shop.stream(tokenOf(BOB))];
    const bob = tokenOf(BOB);
    const changes = await shop.stream(bob);

    gate.isShut = new Deferred();
    await shop.set(token, `token=${rolled}`);
    await shop.set(bob, `token=${viewer}`);
    await shop.hub.broadcast("message", "for administrators", { profile: "Administrator" });
    await shop.hub.volatile().broadcast("message", "now");
    expect(await ends.nextData(2)).toEqual(["for administrators", "now"]);
    expect([stays.pending, changes.pending]).toEqual([[], []]);
    const [one] = shop.hub.connections({ login: "alice" });
    expect(one?.send("message", "held")).toBe(false);
    gate.isShut.resolve(undefined);

    expect(await stays.nextData(2)).toEqual(["for administrators", "now"]);
    expect(await changes.closed).toBe("user");
    expect(changes.pending).toEqual([]);
    await shop.hub.broadcast("message", "live again", ALICE);
    expect(await stays.nextData()).toEqual(["live again"]);
  });

  it("concerns a request that takes longer than the hub remembers the change", async () => {
    const clock = fakeDate();
    const gate = new Deferred<undefined>();
    const isAsked = new Deferred<undefined>();
    const user: SseOptions["user"] = async (req) => {
      if (req.url !== "/events") return userOf(req);
      isAsked.resolve(undefined);
      await gate.promise;
      return userOf(req);
    };
    const shop = await TokenShop.open({ sse: { user } });
    const token = tokenOf(ALICE);
    const stream = await shop.attempt(token);
    await isAsked.promise;

    await shop.set(token, `token=${tokenOf(BOB)}`);
    clock.pass(61_000);
    gate.resolve(undefined);

    expect(await stream.closed).toBe("user");
  });

  it("ends the streams where the user function fails, and says so", async () => {
    let isFailing = false;
    const user: SseOptions["user"] = (req) => {
      if (isFailing) throw new Error("out of order");
      return userOf(req);
    };
    const shop = await TokenShop.open({ sse: { user } });
    const errors: unknown[] = [];
    shop.hub.on("error", ({ code }) => errors.push(code));
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    isFailing = true;
    await shop.set(token, `token=${tokenOf(ALICE)}`);

    expect(await stream.closed).toBe("user");
    expect(errors).toEqual(["ERR_SSE_USER"]);
  });
});

it("does nothing when a response sets the same value, or none", async () => {
  let asked = 0;
  const user: SseOptions["user"] = (req) => {
    asked += 1;
    return userOf(req);
  };
  const shop = await TokenShop.open({ sse: { user } });
  const token = tokenOf(ALICE);
  const stream = await shop.stream(token);

  await shop.set(token, `token=${token}; Max-Age=60`);
  await shop.set(token, "tokens=x");
  await (await fetch(`${shop.url}/nothing`, { headers: { Cookie: `token=${token}` } })).text();
  await shop.hub.broadcast("message", "still here", ALICE);

  expect(await stream.nextData()).toEqual(["still here"]);
  expect(asked).toBe(1);
});

describe.each(EXPRESS_VERSIONS)("in %s", (_version, express) => {
  const WAYS: Array<[string, (res: Response) => void]> = [
    ["setHeader", (res) => res.setHeader("Set-Cookie", GONE).end()],
    ["setHeader with an array", (res) => res.setHeader("set-cookie", ["a=1", GONE]).end("x")],
    ["append", (res) => void res.append("Set-Cookie", "a=1").append("Set-Cookie", GONE).send("x")],
    ["appendHeader", (res) => void res.appendHeader("Set-Cookie", GONE).json({})],
    [
      "cookie",
      (res) => {
        res.cookie("token", "", { maxAge: 0 }).redirect("/nothing");
      },
    ],
    ["clearCookie", (res) => void res.clearCookie("token").sendStatus(200)],
    ["writeHead", (res) => void res.writeHead(200, { "set-cookie": [GONE] }).end()],
    [
      "writeHead with a list",
      (res) => void res.writeHead(200, "OK", ["Set-Cookie", GONE]).end("x"),
    ],
    [
      "write",
      (res) => {
        res.setHeader("Set-Cookie", GONE).write("x");
        res.end();
      },
    ],
    [
      "flushHeaders",
      (res) => {
        res.setHeader("Set-Cookie", GONE).flushHeaders();
        res.end();
      },
    ],
  ];

  // As the on-headers package does it, which cookie-session and express-session use.
  const lateCookies = (_req: unknown, res: Response, next: () => void) => {
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
    res.writeHead = (...args: unknown[]) => {
      res.append("Set-Cookie", GONE);
      return writeHead(...args);
    };
    next();
  };

  it.each(WAYS)("a cookie is seen that is set by %s", async (_way, answer) => {
    const shop = await TokenShop.open({
      express,
      routes: (app: Express) =>
        app.all("/clear", (_req, res) => {
          answer(res);
        }),
    });
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    await fetch(`${shop.url}/clear`, { headers: { Cookie: `token=${token}` }, redirect: "manual" });

    expect(await stream.closed).toBe("user");
  });

  it("a cookie is seen that is one of several in a flat list, and nothing else was set", async () => {
    const shop = await TokenShop.open({
      express,
      before: (app: Express) => app.disable("x-powered-by"),
      routes: (app: Express) =>
        app.all("/clear", (_req, res) => {
          res.writeHead(200, ["Set-Cookie", ["a=1", GONE]]).end();
        }),
    });
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);

    await fetch(`${shop.url}/clear`, { headers: { Cookie: `token=${token}` } });

    expect(await stream.closed).toBe("user");
  });

  it.each(["before", "routes"] as const)(
    "a cookie is seen that is set while the head goes out, by middleware of %s",
    async (where) => {
      const onClear = (app: Express) => app.use("/clear", lateCookies as never);
      const shop = await TokenShop.open({
        express,
        [where]: onClear,
      });
      const token = tokenOf(ALICE);
      const stream = await shop.stream(token);

      await fetch(`${shop.url}/clear`, { headers: { Cookie: `token=${token}` } });

      expect(await stream.closed).toBe("user");
    },
  );

  it("a stream's own response may set another value", async () => {
    const rolled = tokenOf(ALICE);
    const shop = await TokenShop.open({
      express,
      routes: (app: Express) =>
        app.get("/rolling", (req: Request, res: Response) => {
          res.cookie("token", rolled);
          req.sse.join();
        }),
    });
    const token = tokenOf(ALICE);
    const [before, stream] = [
      await shop.stream(token),
      await shop.stream(token, { path: "/rolling" }),
    ];

    await shop.hub.broadcast("message", "hello", ALICE);
    expect([await before.nextData(), await stream.nextData()]).toEqual([["hello"], ["hello"]]);
    await shop.set(rolled, GONE);

    expect([await before.closed, await stream.closed]).toEqual(["user", "user"]);
  });
});

describe("a credential", () => {
  it("counts as one session, whatever its value", async () => {
    const shop = await TokenShop.open({ hub: { limits: { perSession: 2 } } });
    const [token, next] = [tokenOf(ALICE), tokenOf(ALICE)];
    await shop.stream(token);
    await shop.set(token, `token=${next}`);
    await shop.stream(next);

    const third = await shop.attempt(next);
    const other = await shop.stream(tokenOf(ALICE));

    expect([await third.closed, shop.hub.stats().refused]).toEqual([undefined, { perSession: 1 }]);
    expect(other.status).toBe(200);
  });

  it("whose streams were stopped is answered 204 when its browser returns by itself", async () => {
    const shop = await TokenShop.open();
    const [token, next] = [tokenOf(ALICE), tokenOf(ALICE)];
    const stream = await shop.stream(token);
    const { lastEventId } = stream;
    await shop.set(token, `token=${next}`);

    await shop.hub.disconnect({ login: "alice" });

    expect(await stream.closed).toBe("stop");
    expect((await shop.attempt(next, { lastEventId })).status).toBe(204);
    expect((await shop.stream(next)).status).toBe(200);
  });

  it("is watched where the requests of streams are let go of, and by each sse() on the way", async () => {
    const outer = createHub({ releaseRequest: true });
    onTestEnd(() => outer.close());
    const shop = await TokenShop.open({
      hub: { releaseRequest: true },
      before: (app) => {
        app.use(sse({ hub: outer, user: userOf, credential: "token" }));
        app.get("/outer", (req) => {
          req.sse.join();
        });
      },
    });
    const token = tokenOf(ALICE);
    const streams = [await shop.stream(token), await shop.stream(token, { path: "/outer" })];

    await shop.set(token, GONE);

    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(["user", "user"]);
  });

  it("is watched in responses of an HTTP/2 server, too", async () => {
    const hub = createHub();
    const middleware = sse({ hub, user: userOf, credential: "token" });
    const [ends, writes] = [tokenOf(ALICE), tokenOf(ALICE)];
    const server = http2.createServer((req, res) => {
      middleware(req as never, res as never, () => {
        const { sse: asked } = req as unknown as { sse: SseRequest };
        if (req.url === "/events") asked.join();
        if (req.url === "/end") {
          res.setHeader("set-cookie", [GONE]);
          res.end();
        }
        if (req.url === "/write") res.writeHead(200, { "Set-Cookie": GONE }).end("x");
      });
    });
    await once(server.listen(0), "listening");
    const session = http2.connect(`http://localhost:${(server.address() as AddressInfo).port}`);
    onTestEnd(async () => {
      await hub.close();
      // Node 20 corrupts its memory where a session is destroyed that has streams.
      session.close();
      await once(session, "close");
      server.close();
    });
    const ask = (path: string, token: string) =>
      session.request({ ":path": path, cookie: `token=${token}` }).setEncoding("utf8");
    const streams = [ask("/events", ends), ask("/events", writes)];
    const told = streams.map((stream) => text(stream));
    await until(() => hub.size === 2, "both are there");

    ask("/end", ends).resume();
    ask("/write", writes).resume();

    expect(await Promise.all(told)).toEqual(
      streams.map((): unknown => expect.stringContaining('data: {"reason":"user"}')),
    );
  });
});
