import type { SessionOptions } from "express-session";
import { onTestEnd } from "../support/disposers.js";
import { EXPRESS_VERSIONS, Shop, cookieOf, until, type ShopOptions } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const DEMOTED = { login: "alice", profile: "Viewer" };

const BOOLEANS = [false, true];
const SESSIONS: SessionOptions[] = BOOLEANS.flatMap((resave) =>
  BOOLEANS.flatMap((rolling) =>
    BOOLEANS.flatMap((saveUninitialized) =>
      (["keep", "destroy"] as const).map((unset) => ({
        secret: "spec",
        resave,
        rolling,
        saveUninitialized,
        unset,
      })),
    ),
  ),
);

type Stream = Awaited<ReturnType<Shop["stream"]>>;

/** The ways a stream ends. */
const ENDS: Array<[string, (shop: Shop, stream: Stream) => void]> = [
  [
    "the browser",
    (_shop, stream) => {
      stream.close();
    },
  ],
  [
    "close()",
    (shop) => {
      shop.hub.connections().forEach((connection) => {
        connection.close();
      });
    },
  ],
  [
    "drain",
    (shop) => {
      void shop.hub.close();
    },
  ],
  ["an error", () => undefined],
];

describe.each(EXPRESS_VERSIONS)("a stream's end on %s", (_version, express) => {
  describe.each(SESSIONS)(
    "with resave $resave, rolling $rolling, saveUninitialized $saveUninitialized, unset $unset",
    (session) => {
      const open = (options: ShopOptions = {}) => Shop.open({ express, session, ...options });

      // What the request did before it became a stream is in the store; its end adds nothing.
      async function endAfter(
        shop: Shop,
        stream: Stream,
        end: (shop: Shop, stream: Stream) => void,
      ) {
        const before = shop.stored;
        end(shop, stream);
        await until(() => shop.hub.size === 0, "the stream has ended");
        await stream.closed;
        // One request more, so that a write that was still on its way would be seen.
        await fetch(`${shop.url}/nothing`);
        expect(withoutNewcomers(shop.stored, before)).toEqual(before);
      }

      it.each(ENDS)(
        "by %s leaves a demoted user demoted, and a logged-out one out [session-2] [session-4]",
        async (how, end) => {
          const path = how === "an error" ? "/fails-later" : "/events";
          let fail: () => void = () => undefined;
          const shop = await open({
            routes: (app) => {
              app.get("/fails-later", (req, _res, next) => {
                req.sse.join();
                fail = () => {
                  next(new Error("mine"));
                };
              });
              app.post("/demote", (req, res) => {
                Object.assign(req.session, { user: DEMOTED });
                res.sendStatus(204);
              });
            },
          });
          silence();
          for (const change of ["/demote", "/logout"]) {
            const cookie = await shop.signIn(ALICE);
            const stream = await shop.stream(path, { cookie });
            await fetch(`${shop.url}${change}`, { method: "POST", headers: { cookie } });
            const users = Object.values(shop.stored).map(
              (stored) => (stored as { user?: unknown }).user,
            );
            expect(users.filter((user) => JSON.stringify(user) === JSON.stringify(ALICE))).toEqual(
              [],
            );
            if (how === "drain" && change === "/demote") continue;
            await endAfter(
              shop,
              stream,
              how === "an error"
                ? () => {
                    fail();
                  }
                : end,
            );
          }
        },
      );

      it("keeps what the handler changed before it joined", async () => {
        const shop = await open({
          routes: (app) => {
            app.get("/counts", (req) => {
              Object.assign(req.session, { visits: 1 });
              req.sse.join();
            });
          },
        });
        const cookie = await shop.signIn(ALICE);
        const stream = await shop.stream("/counts", { cookie });
        const visited = Object.values(shop.stored).filter((one) => "visits" in (one as object));
        expect(visited).toEqual([expect.objectContaining({ user: ALICE, visits: 1 })]);
        await endAfter(shop, stream, (_shop, one) => {
          one.close();
        });
      });

      it("has a session it told the browser of in the store before the first byte [session-7]", async () => {
        const shop = await open();
        const stream = await shop.attempt();
        const isAnnounced = stream.headers["set-cookie"] !== undefined;
        expect(isAnnounced).toBe(session.saveUninitialized === true);
        expect(Object.keys(shop.stored)).toHaveLength(isAnnounced ? 1 : 0);
        await stream.opened();
        if (!isAnnounced) return;
        const cookie = cookieOf(stream.headers["set-cookie"]);
        const again = await shop.stream("/events", { cookie });
        expect(again.headers["set-cookie"] === undefined).toBe(session.rolling !== true);
        expect(Object.keys(shop.stored)).toHaveLength(1);
      });
    },
  );
});

it("is not prolonged by a stream [session-3]", async () => {
  const shop = await Shop.open({ session: { cookie: { maxAge: 60_000 } } });
  const cookie = await shop.signIn(ALICE);
  const before = shop.stored;
  const stream = await shop.stream("/events", { cookie });
  stream.close();
  await until(() => shop.hub.size === 0, "it has ended");
  expect(shop.stored).toEqual(before);
});

it("leaves req.session readable to a logger that looks when the response closes", async () => {
  const seen: unknown[] = [];
  const shop = await Shop.open({
    routes: (app) => {
      app.use("/events", (req, res, next) => {
        res.on("close", () => seen.push((req.session as { user?: unknown }).user));
        next();
      });
    },
  });
  const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
  stream.close();
  // At once where the request was let go of, else now.
  await until(() => seen.length > 0, "the logger has looked");
  expect(seen).toEqual([ALICE]);
});

// With saveUninitialized, requests without a cookie leave sessions of their own in the store.
function withoutNewcomers(stored: Record<string, unknown>, before: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(stored).filter(([id, one]) => id in before || "user" in (one as object)),
  );
}

function silence(): void {
  const logged = jest.spyOn(console, "error").mockImplementation(() => undefined);
  onTestEnd(() => {
    logged.mockRestore();
  });
}

describe.each(EXPRESS_VERSIONS)(
  "what a request writes to its session on %s",
  (_version, express) => {
    const ACCEPTS = ["*/*", "application/json", "text/event-stream"];
    const CASES = ["GET", "POST"].flatMap((method) =>
      ACCEPTS.flatMap((accept) => BOOLEANS.map((resave) => ({ method, accept, resave }))),
    );

    it.each(CASES)(
      "is stored before a stream of its own: $method, Accept $accept, resave $resave",
      async ({ method, accept, resave }) => {
        const shop = await Shop.open({
          express,
          session: { resave },
          routes: (app) => {
            app.all("/chat", (req) => {
              Object.assign(req.session, { user: DEMOTED, history: ["Q"] });
              req.sse.open().end();
            });
          },
        });
        const cookie = await shop.signIn(ALICE);
        const answer = await fetch(`${shop.url}/chat`, { method, headers: { cookie, accept } });
        await answer.text();
        const [stored] = Object.values(shop.stored) as object[];
        expect(stored).toMatchObject({ user: DEMOTED, history: ["Q"] });
      },
    );

    it("does not run the handler of a finished stream again, whatever the client accepts", async () => {
      let runs = 0;
      const shop = await Shop.open({
        express,
        routes: (app) => {
          app.post("/chat", (req) => {
            runs += 1;
            req.sse.open().end();
          });
        },
      });
      const post = (headers: Record<string, string>) =>
        fetch(`${shop.url}/chat`, { method: "POST", headers });
      const id = /^id: (.+)$/m.exec(await (await post({ accept: "*/*" })).text())?.[1] ?? "";
      const again = await post({ accept: "*/*", "last-event-id": id });
      expect([again.status, runs]).toEqual([204, 1]);
    });
  },
);
