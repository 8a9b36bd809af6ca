import { EventEmitter, on } from "node:events";
import type { Express } from "express";
import type { Hub, HubOptions, SseHubError, SseOptions } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";
import { BreakableLog } from "../support/breakable-log.js";
import { Shop, until } from "../support/shop.js";
import { TokenShop, tokenOf, userOf } from "../support/token-shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

// A change of a credential on another node may be among the entries that a log has lost.
describe("when the log has lost entries", () => {
  it.each(["/events", "/own"])(
    "a stream of %s ends that was held while it was opened",
    async (path) => {
      const breakable = new BreakableLog();
      const [token, rolled] = [tokenOf(ALICE), tokenOf(ALICE)];
      const gate = new Deferred<object | null>();
      const user: SseOptions["user"] = (req) =>
        req.headers.cookie?.includes(rolled) === true ? gate.promise : userOf(req);
      const shop = await TokenShop.open({
        hub: { log: breakable.log },
        sse: { user },
        routes: (app) => app.get("/own", (req) => void req.sse.open()),
      });
      await shop.set(token, `token=${rolled}`);
      const stream = await shop.attempt(token, { path });
      await until(() => shop.hub.size === 1, "it waits");

      breakable.loseEntries();
      gate.resolve(ALICE);
      await shop.hub.broadcast("message", "secret", ALICE);

      expect(await stream.closed).toBe("refresh");
      expect(stream.pending).toEqual([]);
    },
  );

  it("a stream ends whose request came before and whose handler called join() after", async () => {
    const breakable = new BreakableLog();
    const gate = new Deferred<undefined>();
    const shop = await TokenShop.open({
      hub: { log: breakable.log },
      routes: (app) =>
        app.get("/late", async (req) => {
          await req.sse.identify();
          isAsked.resolve(undefined);
          await gate.promise;
          req.sse.join();
        }),
    });
    const isAsked = new Deferred<undefined>();
    const attempt = shop.attempt(tokenOf(ALICE), { path: "/late" });
    await isAsked.promise;

    breakable.loseEntries();
    gate.resolve(undefined);

    expect(await (await attempt).closed).toBe("refresh");
  });

  it("a stream ends before its first state and what is retained, if it has a credential", async () => {
    const breakable = new BreakableLog();
    const gate = new Deferred<undefined>();
    const first = async () => {
      await gate.promise;
      return ["state", "first"] as const;
    };
    const shop = await TokenShop.open({
      hub: { log: breakable.log },
      routes: (app) => app.get("/state", (req) => void req.sse.join({ first })),
    });
    await shop.hub.broadcast("message", "before");
    const alice = await shop.stream(tokenOf(ALICE), { path: "/state" });
    const visitor = await shop.stream("", { path: "/state" });

    breakable.restart();
    await shop.hub.retain("news").broadcast("message", "retained");
    gate.resolve(undefined);

    expect(await alice.closed).toBe("refresh");
    expect(alice.pending).toEqual([]);
    expect(await visitor.nextData(2)).toEqual(["first", "retained"]);
  });

  it.each(["/own", "/run"])(
    "a stream of %s ends, although it does not read the log, if it has a credential",
    async (path) => {
      const breakable = new BreakableLog();
      const secrets = new Secrets();
      const shop = await TokenShop.open({ hub: { log: breakable.log }, routes: secrets.mount });
      const alice = await shop.stream(tokenOf(ALICE), { path });
      const visitor = await shop.stream("", { path });

      breakable.loseEntries();
      secrets.tell();

      expect(await alice.closed).toBe("refresh");
      expect(alice.pending).toEqual([]);
      expect(await visitor.nextData()).toEqual(["secret"]);
    },
  );

  it.each(["/own", "/run"])(
    "a stream of %s with a session goes on if the store has its user, and ends otherwise",
    async (path) => {
      const breakable = new BreakableLog();
      const secrets = new Secrets();
      const shop = await Shop.open({ hub: { log: breakable.log }, routes: secrets.mount });
      const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
      const stays = await shop.stream(path, { cookie: alice });
      const ends = await shop.stream(path, { cookie: bob });
      logOutElsewhere(shop, BOB);

      breakable.loseEntries();
      secrets.tell();
      breakable.loseEntries();
      secrets.tell();

      expect(await ends.closed).toBe("user");
      expect(ends.pending).toEqual([]);
      await until(() => {
        secrets.tell();
        return stays.pending.length > 0;
      }, "the other one goes on");
    },
  );

  it("a stream with a session ends if the store fails", async () => {
    const { stream } = await openAndFail({ onStoreError: "end" });
    expect(await stream.closed).toBe("error");
  });

  it("a stream with a session goes on if the store fails, if onStoreError says so", async () => {
    const { stream, secrets } = await openAndFail({ onStoreError: "keep" });
    await until(() => {
      secrets.tell();
      return stream.pending.length > 0;
    }, "it goes on");
    expect(stream.endReason).toBeUndefined();
  });
});

/** An application that tells secrets on streams that do not read the log. */
class Secrets extends EventEmitter {
  readonly mount = (app: Express, hub: Hub) => {
    app.get("/own", (req) => {
      const connection = req.sse.open();
      this.on("secret", () => connection.send("message", "secret"));
    });
    app.get("/run", (req) => void req.sse.follow("run"));
    hub.run("run", () => this.#all(), { for: "everybody", event: "message" });
  };

  tell(): void {
    this.emit("secret");
  }

  async *#all() {
    for await (const _secret of on(this, "secret")) yield "secret";
  }
}

/** Opens a stream whose session cannot be read again when the log has lost entries. */
async function openAndFail(options: HubOptions) {
  const breakable = new BreakableLog();
  const secrets = new Secrets();
  const shop = await Shop.open({
    hub: { log: breakable.log, ...options },
    routes: secrets.mount,
  });
  const stream = await shop.stream("/own", { cookie: await shop.signIn(ALICE) });
  const failed = new Promise<SseHubError>((resolve) => shop.hub.once("error", resolve));
  shop.store.get = (_id, done) => {
    done(new Error("down"));
  };
  breakable.loseEntries();
  expect(await failed).toMatchObject({ code: "ERR_SSE_STORE" });
  return { stream, secrets };
}

/** As another process does it: the hub does not see it. */
function logOutElsewhere({ store }: Shop, { login }: { login: string }): void {
  const held = store as unknown as { sessions: Record<string, string> };
  const others = Object.entries(held.sessions).filter(([, json]) => !json.includes(login));
  held.sessions = Object.fromEntries(others);
}
