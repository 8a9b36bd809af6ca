import { describeInBrowser } from "../support/browser.js";
import { FeedProcess } from "../support/feed-process.js";
import { serve } from "../support/serve.js";
import { Shop } from "../support/shop.js";
import { ClientPage, SITE, WITH_PAGE } from "./client-page.js";

const AWAY_MS = 10_000;

async function* words(): AsyncGenerator<string> {
  yield* ["to", await Promise.resolve("be")];
}

describeInBrowser("the client in a page with a strict policy", (windows) => {
  const open = async (url: string) => new ClientPage(await windows.open(url));

  it("is a module that sse() serves, and hears what is broadcast", async () => {
    const { hub, url } = await Shop.open(WITH_PAGE);
    const page = await open(url);
    await page.tells("recovered null");
    await hub.broadcast("order", { id: 7 });
    await page.tells('order {"id":7}');
    expect(await page.told()).toEqual(["open", "recovered null", 'order {"id":7}']);
  });

  it("returns to a server that was killed and started again", async () => {
    const server = await FeedProcess.start("0", { SITE });
    const page = await open(`${server.url}?maxRetryMs=1000`);
    await page.tells("recovered null");
    await server.post("/broadcast/1/1");
    await page.tells("message 0 x");
    server.signal("SIGKILL");
    await page.tells("waiting network", 2);
    const again = await FeedProcess.start(server.port);
    await page.tells("recovered epoch");
    await again.post("/broadcast/1/2");
    await page.tells("message 0 xx");
    expect(await page.messages()).toEqual(["message 0 x", "message 0 xx"]);
  }, 60_000);

  it("returns with its cursor after ten seconds of 503", async () => {
    let awayUntil = 0;
    const shop = await Shop.open({
      ...WITH_PAGE,
      hub: { retryMs: 100 },
      routes: (app) => {
        app.get("/events", (_req, res, next) => {
          if (Date.now() < awayUntil) res.status(503).end();
          else next();
        });
      },
    });
    const page = await open(`${shop.url}?maxRetryMs=1000`);
    await page.tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await page.tells("message before");
    awayUntil = Date.now() + AWAY_MS;
    shop.hub.connections()[0]?.close();
    await page.tells("waiting 503", 3);
    await shop.hub.broadcast("message", "meanwhile");
    await page.tells("recovered true");
    await page.tells("message meanwhile");
    expect(Date.now()).toBeGreaterThan(awayUntil);
    expect(await page.messages()).toEqual(["message before", "message meanwhile"]);
  }, 60_000);

  it("stops, and says why, when its session is revoked", async () => {
    const shop = await Shop.open(WITH_PAGE);
    const page = await open(shop.url);
    await page.run(`fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: 1 }),
    })`);
    await page.page.goto(`${shop.url}?path=/private`);
    await page.tells("recovered null");
    const otherTab = new ClientPage(await windows.openBeside(page.page, shop.url));
    await otherTab.run('fetch("/logout", { method: "POST" })');
    await page.tells("end unauthorized for good");
    expect(await page.told()).toEqual([
      "open",
      "recovered null",
      "end user",
      "waiting",
      "connecting",
      "closed",
      "end unauthorized for good",
    ]);
  });

  it("stops at the end of a stream that is finished", async () => {
    let runs = 0;
    const shop = await Shop.open({
      ...WITH_PAGE,
      routes: (app) => {
        app.get("/answer", async (req) => {
          runs += 1;
          const connection = req.sse.open();
          await connection.stream(words(), "message");
          connection.end();
        });
      },
    });
    const page = await open(`${shop.url}?path=/answer`);
    await page.tells("end done for good");
    expect([runs, await page.told()]).toEqual([
      1,
      ["open", "recovered null", "message to", "message be", "closed", "end done for good"],
    ]);
  });

  it("returns at once when the network is back", async () => {
    const shop = await Shop.open({ ...WITH_PAGE, hub: { retryMs: 3_600_000 } });
    const page = await open(shop.url);
    await page.tells("recovered null");
    await page.page.context().setOffline(true);
    shop.hub.connections()[0]?.close();
    await page.tells("waiting");
    await page.page.context().setOffline(false);
    await page.tells("recovered true");
    expect(shop.hub.stats().closed).toEqual({ close: 1 });
  });

  it("has a connection of its own when the part that shares one cannot be loaded", async () => {
    const shop = await Shop.open(WITH_PAGE);
    const window = await windows.open(`${shop.url}/none.html`);
    await window.route("**/client-shared.js", (route) => route.abort());
    await window.goto(`${shop.url}?shared=true`);
    const page = new ClientPage(window);
    await page.tells("recovered null");
    await shop.hub.broadcast("message", "alone");
    await page.tells("message alone");
    expect(shop.hub.size).toBe(1);
  });

  it("is left out of what its own requests cause", async () => {
    const { hub, url } = await Shop.open({
      ...WITH_PAGE,
      routes: (app, hub) => {
        app.post("/say", async (req, res) => {
          await hub.except(req.sse.connectionId).broadcast("message", "said");
          res.sendStatus(204);
        });
      },
    });
    const [author, other] = [await open(url), await open(url)];
    await Promise.all([author.tells("recovered null"), other.tells("recovered null")]);
    await author.run('stream.fetch("/say", { method: "POST" })');
    await author.run('fetch("/say", { method: "POST" })');
    await hub.broadcast("message", "end");
    await Promise.all([author.tells("message end"), other.tells("message end")]);
    expect([await author.messages(), await other.messages()]).toEqual([
      ["message said", "message end"],
      ["message said", "message said", "message end"],
    ]);
  });

  it("tells no other origin which connection it has", async () => {
    const asked: string[][] = [];
    const elsewhere = await serve((req, res) => {
      asked.push(Object.keys(req.headers));
      res.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end();
    });
    const { url } = await Shop.open({ sse: { static: SITE } });
    const page = await open(url);
    await page.tells("recovered null");
    await page.run(`stream.fetch(${JSON.stringify(elsewhere.url)}).then(({ status }) => status)`);
    expect(asked.map((names) => names.includes("sse-connection"))).toEqual([false]);
  });
});
