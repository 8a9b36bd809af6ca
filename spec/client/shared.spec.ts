import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Deferred } from "../../lib/async/deferred.js";
import type { ShopOptions } from "../support/shop.js";
import { describeInBrowser, type Windows } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { FeedProcess } from "../support/feed-process.js";
import { Shop, until } from "../support/shop.js";
import { ClientPage, SITE, WITH_PAGE } from "./client-page.js";

/** Tabs of one browser that share a connection. */
class Tabs {
  readonly #windows: Windows;
  readonly #url: string;
  #first: ClientPage | undefined;

  constructor(windows: Windows, url: string) {
    this.#windows = windows;
    this.#url = `${url}?shared=true`;
  }

  /** Opens one more; resolves when it has its verdict. */
  async open(query = ""): Promise<ClientPage> {
    const url = this.#url + query;
    const page = await (this.#first === undefined
      ? this.#windows.open(url)
      : this.#windows.openBeside(this.#first.page, url));
    const tab = new ClientPage(page);
    this.#first ??= tab;
    return tab;
  }
}

/** Broadcasts 0, 1, 2 and so on until it is told to stop, and gives how many it were. */
function count(hub: Shop["hub"]): () => Promise<number> {
  let next = 0;
  const timer = setInterval(() => {
    void hub.broadcast("message", String(next));
    next += 1;
  }, 5);
  onTestEnd(() => {
    clearInterval(timer);
  });
  return async () => {
    clearInterval(timer);
    await hub.broadcast("message", "end");
    return next;
  };
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => `message ${from + n}`);
}

const FAST: ShopOptions = { ...WITH_PAGE, hub: { retryMs: 50 } };

describeInBrowser("tabs that share a connection", (windows) => {
  async function openShop(options: ShopOptions = FAST) {
    const shop = await Shop.open(options);
    return { shop, hub: shop.hub, tabs: new Tabs(windows, shop.url) };
  }

  async function openThree(tabs: Tabs): Promise<[ClientPage, ClientPage, ClientPage]> {
    const open = async () => {
      const tab = await tabs.open();
      await tab.tells("recovered null");
      return tab;
    };
    return [await open(), await open(), await open()];
  }

  async function shareOne(hub: Shop["hub"]): Promise<void> {
    await until(() => hub.size === 1, "they share one connection");
  }

  it("have one, and each hears everything once", async () => {
    const { hub, tabs } = await openShop();
    const all = await openThree(tabs);
    await shareOne(hub);
    await hub.broadcast("message", "hello");
    await Promise.all(all.map((tab) => tab.tells("message hello")));
    const [connection] = hub.connections();
    expect(
      await Promise.all(all.map((tab) => tab.run("[stream.state, stream.connection]"))),
    ).toEqual(all.map(() => ["open", connection?.id]));
    expect(await Promise.all(all.map((tab) => tab.messages()))).toEqual(
      all.map(() => ["message hello"]),
    );
  });

  it("lose nothing and double nothing when the one with the connection is closed", async () => {
    const { hub, tabs } = await openShop();
    const [leader, second, third] = await openThree(tabs);
    await shareOne(hub);
    const stop = count(hub);
    await Promise.all([second.tells("message 50"), third.tells("message 50")]);
    await leader.page.close();
    await second.tells("recovered true");
    const counted = await stop();
    await Promise.all([second.tells("message end"), third.tells("message end")]);
    const all = [...numbers(0, counted), "message end"];
    expect([await second.messages(), await third.messages()]).toEqual([all, all]);
    await shareOne(hub);
  }, 60_000);

  it("reconnect after a failure of the network where a browser sends no errors between tabs", async () => {
    const { shop, hub, tabs } = await openShop();
    const sockets: Socket[] = [];
    shop.server.on("connection", (socket: Socket) => sockets.push(socket));
    const [leader, second, third] = await openThree(tabs);
    await shareOne(hub);
    // As Firefox below 103 and Safari do.
    await leader.run(`(() => {
      const { postMessage } = BroadcastChannel.prototype;
      const hasError = (value) => value instanceof Error ||
        (typeof value === "object" && value !== null && Object.values(value).some(hasError));
      BroadcastChannel.prototype.postMessage = function (message) {
        if (hasError(message)) throw new DOMException("An error", "DataCloneError");
        postMessage.call(this, message);
      };
    })()`);
    for (const socket of sockets) socket.resetAndDestroy();
    await Promise.all([leader, second, third].map((tab) => tab.tells("recovered true")));
    expect(await second.told()).toContain("waiting network");
    await hub.broadcast("message", "again");
    await Promise.all([leader, second, third].map((tab) => tab.tells("message again")));
  });

  it("give a tab that comes later its own verdict and state, and everything from then on", async () => {
    const { hub, tabs } = await openShop({
      ...FAST,
      routes: (app, hub) => {
        let sent = -1;
        app.get("/state", (req) => {
          req.sse.join({ first: async () => ["order", await Promise.resolve({ sent })] });
        });
        app.post("/next", async (_req, res) => {
          sent += 1;
          await hub.broadcast("message", String(sent));
          res.sendStatus(204);
        });
      },
    });
    const early = await tabs.open("&path=/state");
    await early.tells('order {"sent":-1}');
    const counting = early.run(`(async () => {
      while (!window.isEnough) await fetch("/next", { method: "POST" });
    })()`);
    await early.tells("message 20");
    const late = await tabs.open("&path=/state");
    await late.tells("recovered null");
    await shareOne(hub);
    await early.run("window.isEnough = true");
    await counting;
    await hub.broadcast("message", "end");
    await late.tells("message end");

    const told = await late.told();
    const state = told.find((line) => line.startsWith("order ")) ?? "";
    const { sent } = JSON.parse(state.slice("order ".length)) as { sent: number };
    const [heard, earlyHeard] = [await late.messages(), await early.messages()];
    // The state is not older than what follows it: an event may be in both, and none is in neither.
    const from = Number(heard[0]?.slice("message ".length));
    expect(from).toBeLessThanOrEqual(sent + 1);
    expect(heard).toEqual(earlyHeard.slice(from));
    expect(told.filter((line) => !line.startsWith("message"))).toEqual([
      "open",
      "recovered null",
      state,
    ]);
  }, 60_000);

  it("leave out the one that asked, and tell the others", async () => {
    const { hub, tabs } = await openShop({
      ...FAST,
      routes: (app, hub) => {
        app.post("/say/:what", async (req, res) => {
          await hub.except(req.sse.connectionId).broadcast("message", req.params.what);
          res.sendStatus(204);
        });
      },
    });
    const all = await openThree(tabs);
    await shareOne(hub);
    for (const [n, tab] of all.entries()) {
      await tab.run(`stream.fetch("/say/${n}", { method: "POST" })`);
    }
    await hub.broadcast("message", "end");
    await Promise.all(all.map((tab) => tab.tells("message end")));
    expect(await Promise.all(all.map((tab) => tab.messages()))).toEqual([
      ["message 1", "message 2", "message end"],
      ["message 0", "message 2", "message end"],
      ["message 0", "message 1", "message end"],
    ]);
  });

  it("leave it out also of what it hears after another has taken over the connection", async () => {
    const { hub, tabs } = await openShop({
      ...FAST,
      routes: (app, hub) => {
        app.post("/say", async (req, res) => {
          // The connection is lost, and what was said is replayed to whoever has the next one.
          for (const connection of hub.connections()) connection.close();
          await hub.except(req.sse.connectionId).broadcast("message", "said");
          res.sendStatus(204);
        });
      },
    });
    const [leader, author, other] = await openThree(tabs);
    await shareOne(hub);
    const asked = author.run('stream.fetch("/say", { method: "POST" })');
    await Promise.all([asked, other.tells("message said")]);
    await leader.page.close();
    await hub.broadcast("message", "end");
    await Promise.all([author.tells("message end"), other.tells("message end")]);
    expect([await author.messages(), await other.messages()]).toEqual([
      ["message end"],
      ["message said", "message end"],
    ]);
  });

  it("return together as whoever their user is then", async () => {
    const { shop, hub, tabs } = await openShop();
    const [one, two] = await openThree(tabs);
    await shareOne(hub);
    const joined: unknown[] = [];
    hub.on("join", ({ user }) => joined.push(user));
    await two.run(`fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: 1 }),
    })`);
    hub.connections()[0]?.close();
    await Promise.all([one.tells("recovered true"), two.tells("recovered true")]);
    await shop.hub.broadcast("message", "for one", { id: 1 });
    await Promise.all([one.tells("message for one"), two.tells("message for one")]);
    await one.run('fetch("/logout", { method: "POST" })');
    await Promise.all([one.tells("end user"), two.tells("end user")]);
    await Promise.all([one.tells("recovered true", 2), two.tells("recovered true", 2)]);
    await hub.broadcast("message", "for one again", { id: 1 });
    await hub.broadcast("message", "for all");
    await Promise.all([one.tells("message for all"), two.tells("message for all")]);
    const all = ["message for one", "message for all"];
    expect([joined, await one.messages(), await two.messages()]).toEqual([
      [{ id: 1 }, undefined],
      all,
      all,
    ]);
  }, 60_000);

  it("stop together, without asking again, when the stream is over", async () => {
    let requests = 0;
    const { hub, tabs } = await openShop({
      ...FAST,
      sse: { ...WITH_PAGE.sse, user: () => ({ id: 1 }) },
      routes: (app) => {
        app.get("/events", (_req, _res, next) => {
          requests += 1;
          next();
        });
      },
    });
    const all = await openThree(tabs);
    await shareOne(hub);
    await hub.disconnect({ id: 1 });
    await Promise.all(all.map((tab) => tab.tells("end stop for good")));
    // Longer than the place of the one that had the connection is kept.
    await sleep(1_500);
    expect([requests, hub.size]).toEqual([3, 0]);
  }, 60_000);

  it("are told once that their connection waits, whoever comes meanwhile", async () => {
    const { hub, tabs } = await openShop({ ...WITH_PAGE, hub: { retryMs: 3_600_000 } });
    const [, second] = await openThree(tabs);
    await shareOne(hub);
    hub.connections()[0]?.close();
    await second.tells("waiting");
    const late = await tabs.open();
    await late.tells("recovered null");
    await hub.broadcast("message", "for the late one");
    await late.tells("message for the late one");
    expect((await second.told()).slice(2)).toEqual(["end close", "waiting"]);
  });

  it("do not wait for one that its system has put to sleep", async () => {
    const { hub, tabs } = await openShop();
    const [leader, second, third] = await openThree(tabs);
    await shareOne(hub);
    const devtools = await leader.page.context().newCDPSession(leader.page);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await hub.broadcast("message", "meanwhile");
    await second.run('document.dispatchEvent(new Event("visibilitychange"))');
    await Promise.all([second.tells("message meanwhile"), third.tells("message meanwhile")]);
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await leader.tells("message meanwhile");
    await shareOne(hub);
    await hub.broadcast("message", "all awake");
    for (const tab of [leader, second, third]) {
      await tab.tells("message all awake");
      expect(await tab.messages()).toEqual(["message meanwhile", "message all awake"]);
    }
  }, 60_000);

  it("follow where a session may have one connection only, and are told to load their state", async () => {
    const { hub, tabs } = await openShop({
      ...FAST,
      hub: { retryMs: 50, limits: { connections: 1 } },
    });
    const first = await tabs.open();
    await first.tells("recovered null");
    const second = await tabs.open();
    await second.tells("recovered unknown");
    await hub.broadcast("message", "hello");
    await Promise.all([first.tells("message hello"), second.tells("message hello")]);
    expect([await second.messages(), hub.size]).toEqual([["message hello"], 1]);
  }, 60_000);

  it("hear as who is here now, though the one with the connection came before the login", async () => {
    const { hub, tabs } = await openShop();
    const early = await tabs.open();
    await early.tells("recovered null");
    await early.run(`fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: 1 }),
    })`);
    const late = await tabs.open();
    await late.tells("recovered null");
    await early.tells("recovered true");
    await shareOne(hub);
    await hub.broadcast("message", "for one", { id: 1 });
    await Promise.all([early.tells("message for one"), late.tells("message for one")]);
    expect([hub.connections()[0]?.user, await late.messages()]).toEqual([
      { id: 1 },
      ["message for one"],
    ]);
  });

  it("tell one that came after a logout nothing of what is for the user before", async () => {
    // In no session that could tell the hub of it.
    const isOne = (req: IncomingMessage) => req.headers.cookie?.includes("as=1") === true;
    const { hub, tabs } = await openShop({
      ...FAST,
      sse: { ...WITH_PAGE.sse, user: (req) => (isOne(req) ? { id: 1 } : undefined) },
    });
    const early = await tabs.open("&path=/rooms/other");
    await early.run('document.cookie = "as=1"');
    const leader = await tabs.open();
    await leader.tells("recovered null");
    await hub.broadcast("message", "for one", { id: 1 });
    await leader.tells("message for one");
    await early.run('document.cookie = "as=1; Max-Age=0"');
    const late = await tabs.open();
    await late.tells("recovered null");
    // That of the early tab is another one.
    await until(() => hub.size === 2, "they share one connection");
    await hub.broadcast("message", "for one again", { id: 1 });
    await hub.broadcast("message", "for all");
    await Promise.all([leader.tells("message for all"), late.tells("message for all")]);
    expect([await leader.messages(), await late.messages()]).toEqual([
      ["message for one", "message for all"],
      ["message for all"],
    ]);
  });

  it("return together to a server that was killed and started again", async () => {
    const server = await FeedProcess.start("0", { SITE });
    const tabs = new Tabs(windows, server.url);
    const all: ClientPage[] = [];
    for (let n = 0; n < 5; n += 1) {
      const tab = await tabs.open();
      await tab.tells("recovered null");
      all.push(tab);
    }
    await server.usage(({ size }) => size === 1);
    await server.post("/broadcast/300/1");
    await Promise.all(all.map((tab) => tab.tells("message 299 x")));
    server.signal("SIGKILL");
    await server.exit;
    const again = await FeedProcess.start(server.port);
    await Promise.all(all.map((tab) => tab.tells("recovered epoch")));
    await again.post("/broadcast/300/2");
    await Promise.all(all.map((tab) => tab.tells("message 299 xx")));
    const heard = (text: string) => numbers(0, 300).map((number) => `${number} ${text}`);
    for (const tab of all) {
      const told = (await tab.told()).filter((line) => /^(message|recovered)/.test(line));
      expect(told).toEqual(["recovered null", ...heard("x"), "recovered epoch", ...heard("xx")]);
    }
    await again.usage(({ size }) => size === 1);
  }, 60_000);

  it("are each given their own state, and that of no other", async () => {
    const gates = [new Deferred<void>(), new Deferred<void>()] as const;
    let asked = 0;
    const { hub, tabs } = await openShop({
      ...FAST,
      routes: (app) => {
        app.get("/state", (req) => {
          const nth = asked;
          asked += 1;
          req.sse.join({
            first: async () => {
              await gates[nth]?.promise;
              return ["order", { nth }];
            },
          });
        });
      },
    });
    const one = await tabs.open("&path=/state");
    await one.tells("recovered null");
    const two = await tabs.open("&path=/state");
    await two.tells("recovered null");
    gates[1].resolve();
    await two.tells('order {"nth":1}');
    gates[0].resolve();
    await one.tells('order {"nth":0}');
    await shareOne(hub);
    await hub.broadcast("message", "end");
    await Promise.all([one.tells("message end"), two.tells("message end")]);
    expect([await one.told(), await two.told()]).toEqual(
      [0, 1].map((nth) => ["open", "recovered null", `order {"nth":${nth}}`, "message end"]),
    );
  });

  it("catch up on what a tab was not told while it was put away", async () => {
    const { hub, tabs } = await openShop();
    const first = await tabs.open();
    await first.tells("recovered null");
    // What a browser does to the channel of a page that it keeps for the way back.
    await first.page.context().addInitScript(`
      globalThis.BroadcastChannel = class extends BroadcastChannel {
        set onmessage(listener) {
          super.onmessage = (message) => { if (!window.isAway) listener(message); };
        }
      };
    `);
    const second = await tabs.open();
    await second.tells("recovered null");
    await shareOne(hub);
    await second.run("window.isAway = true");
    await hub.broadcast("message", "missed");
    await first.tells("message missed");
    await second.run("window.isAway = false");
    await hub.broadcast("message", "new");
    await second.tells("message new");
    expect(await second.messages()).toEqual(["message missed", "message new"]);
    await shareOne(hub);
  });

  it("have one each where the browser denies them locks", async () => {
    const { hub, shop } = await openShop();
    const page = await windows.open(`${shop.url}/none.html`);
    await page.context().addInitScript(`
      LockManager.prototype.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
    `);
    for (let n = 0; n < 2; n += 1) {
      const tab = new ClientPage(await windows.openBeside(page, `${shop.url}?shared=true`));
      await tab.tells("recovered null");
    }
    expect(hub.size).toBe(2);
  });

  it("have one each where the browser knows no locks", async () => {
    const { hub, shop } = await openShop();
    const page = await windows.open(`${shop.url}/none.html`);
    await page.context().addInitScript("delete Navigator.prototype.locks");
    for (let n = 0; n < 2; n += 1) {
      const tab = new ClientPage(await windows.openBeside(page, `${shop.url}?shared=true`));
      await tab.tells("recovered null");
    }
    expect(hub.size).toBe(2);
  });
});
