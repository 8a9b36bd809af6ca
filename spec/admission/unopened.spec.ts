import { MemoryStore } from "express-session";
import { Random } from "../model/random.js";
import { withDelays } from "../support/delays.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const TRIALS = 150;

/** Ways in which a stream ends before it was told `hub:open`; each ends the streams there are. */
const ENDS: Array<[name: string, options: ShopOptions, end: (shop: Shop) => unknown]> = [
  ["refresh", {}, ({ hub }) => hub.refresh({ login: "alice" })],
  [
    "close",
    {},
    ({ hub }) =>
      hub.connections().map((connection) => {
        connection.close();
      }),
  ],
];

describe("a stream that ends before it was open", () => {
  it("is not told as opened where the opening of another one in the same turn has ended it", async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    let waiting = 0;
    const shop = await Shop.open({
      routes: (app, hub) => {
        app.get("/together", async (req) => {
          waiting += 1;
          await opened;
          const connection = req.sse.join();
          // As an application that allows a user one stream, and keeps the connections by itself.
          hub.on("join", (other) => {
            if (other !== connection) connection.close();
          });
        });
      },
    });
    const told: string[] = [];
    shop.hub.on("join", ({ id }) => told.push(`join ${id}`));
    shop.hub.on("leave", ({ id }) => told.push(`leave ${id}`));
    const streams = Promise.all([shop.attempt("/together"), shop.attempt("/together")]);
    await until(() => waiting === 2, "both wait");
    open();
    for (const stream of await streams) stream.close();
    await until(() => shop.hub.size === 0 && told.length >= 2, "both have left");

    expect(told).toEqual([expect.stringMatching("^join "), expect.stringMatching("^leave ")]);
  });

  it("loses nothing where its session changes while the store answers late", async () => {
    const random = new Random(Number(process.env.SEED ?? 1));
    const store = withDelays(new MemoryStore(), random);
    const shop = await Shop.open({
      session: { store },
      routes: (app) => {
        app.post("/renamed", (req, res, next) => {
          Object.assign(req.session, { user: { ...ALICE, at: Date.now() } });
          req.session.save((error: unknown) => {
            if (error) next(error);
            else res.sendStatus(204);
          });
        });
      },
    });
    const missed: number[] = [];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const cookie = await shop.signIn(ALICE);
      const reader = ReturningReader.visit(shop.url, "/events", { cookie });
      const changed = fetch(`${shop.url}/renamed`, { method: "POST", headers: { cookie } });
      while (reader.streams.length === 0) await new Promise((done) => setImmediate(done));
      await shop.hub.broadcast("message", `trial ${trial}`);
      await changed;
      await shop.hub.broadcast("message", `end ${trial}`);
      await reader.has("message", `end ${trial}`);
      if (!reader.dataOf("message").includes(`trial ${trial}`)) missed.push(trial);
      reader.leave();
    }
    expect(missed).toEqual([]);
  }, 120_000);

  it.each(ENDS)(
    "hands over the cursor of when it was asked for [%s]",
    async (reason, options, end) => {
      let answer: (user: object) => void = () => undefined;
      const shop = await Shop.open({
        ...options,
        sse: { user: () => new Promise<object>((resolve) => (answer = resolve)) },
      });
      await shop.hub.broadcast("message", "before");
      const stream = await shop.attempt();
      await stream.received(":\n");
      await shop.hub.broadcast("message", "meanwhile");
      if (reason === "refresh") answer(ALICE);
      await end(shop);
      answer(ALICE);
      await stream.closed;
      const { epoch } = shop.hub.health();
      expect(stream.lastEventId).toBe(`${epoch}.1.other`);
    },
  );

  const REFUSED: Array<[name: string, options: ShopOptions, spoil: (shop: Shop) => unknown]> = [
    ["limits", { hub: { limits: { connections: 1 } } }, (shop) => shop.stream()],
    ["draining", {}, ({ hub }) => hub.close()],
    ["store", {}, ({ store }) => store.emit("disconnect")],
  ];

  it.each(REFUSED)("hands it over in a refusal, too [%s]", async (_name, options, spoil) => {
    const shop = await Shop.open(options);
    const cookie = await shop.signIn(ALICE);
    await shop.stream("/events", { cookie }).then((stream) => {
      stream.close();
    });
    await until(() => shop.hub.size === 0, "it has left");
    await shop.hub.broadcast("message", "before");
    await spoil(shop);
    const { epoch } = shop.hub.health();
    const [first, returning] = [
      await shop.attempt("/events", { cookie }),
      await shop.attempt("/events", { cookie, lastEventId: `${epoch}.0` }),
    ];
    await Promise.all([first.closed, returning.closed]);
    // Whoever has a place keeps it.
    expect([first.lastEventId, returning.lastEventId]).toEqual([`${epoch}.1.other`, undefined]);
  });

  it("marks the place of a browser that returns as another user", async () => {
    let answer: (user: object) => void = () => undefined;
    const shop = await Shop.open({
      sse: { user: () => new Promise<object>((resolve) => (answer = resolve)) },
    });
    const { epoch } = shop.hub.health();
    const stream = await shop.attempt("/events", { lastEventId: `${epoch}.0` });
    await stream.received(":\n");
    await shop.hub.refresh({ login: "alice" });
    answer(ALICE);
    await stream.closed;
    expect(stream.lastEventId).toBe(`${epoch}.0.other`);
  });

  it("has no place to hand over for a stream of its own", async () => {
    const shop = await Shop.open({
      sse: { user: () => new Promise<object>(() => undefined) },
      routes: (app) => {
        app.get("/own", (req) => {
          req.sse.open().close();
        });
      },
    });
    const stream = await shop.attempt("/own");
    await stream.closed;
    expect([stream.hubEvents.length, stream.lastEventId]).toEqual([1, undefined]);
  });
});
