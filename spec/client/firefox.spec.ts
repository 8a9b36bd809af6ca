import express from "express";
import { describeInFirefox } from "../support/firefox.js";
import { FeedProcess } from "../support/feed-process.js";
import { Shop, until } from "../support/shop.js";
import { ClientPage, SITE, WITH_PAGE } from "./client-page.js";

const FAST = { ...WITH_PAGE, hub: { retryMs: 50 } };

describeInFirefox("the client", (tabs) => {
  async function open(url: string) {
    const [page] = await tabs.open(url);
    return new ClientPage(page);
  }

  async function openTwo(url: string) {
    const [first, second] = await tabs.open(url, url);
    return [new ClientPage(first), new ClientPage(second)] as const;
  }

  it("is a module that sse() serves, and hears what is broadcast", async () => {
    const { hub, url } = await Shop.open(WITH_PAGE);
    const page = await open(url);
    await page.tells("recovered null");
    await hub.broadcast("order", { id: 7 });
    await page.tells('order {"id":7}');
    expect(await page.told()).toEqual(["open", "recovered null", 'order {"id":7}']);
  });

  it("reconnects with its cursor after an end and after a 503", async () => {
    let refusals = 0;
    const shop = await Shop.open({
      ...FAST,
      routes: (app) => {
        app.get("/events", (_req, res, next) => {
          refusals -= 1;
          if (refusals >= 0) res.status(503).end();
          else next();
        });
      },
    });
    const page = await open(`${shop.url}?maxRetryMs=100`);
    await page.tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await page.tells("message before");
    refusals = 3;
    shop.hub.connections()[0]?.close();
    await page.tells("waiting 503", 3);
    await shop.hub.broadcast("message", "meanwhile");
    await page.tells("message meanwhile");
    expect(await page.messages()).toEqual(["message before", "message meanwhile"]);
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

  it("stops when it is refused, and at the end of a stream that is finished", async () => {
    const { url } = await Shop.open({
      ...FAST,
      routes: (app) => {
        app.get("/answer", async (req) => {
          const connection = req.sse.open();
          await connection.stream(["to", "be"], "message");
          connection.end();
        });
      },
    });
    const refused = await open(`${url}?path=/private`);
    await refused.tells("end unauthorized for good");
    const finished = await open(`${url}?path=/answer`);
    await finished.tells("end done for good");
    expect(await finished.messages()).toEqual(["message to", "message be"]);
  });

  it("renews its token after 401, and posts its body", async () => {
    const asked: string[][] = [];
    const shop = await Shop.open({
      ...FAST,
      routes: (app) => {
        app.post("/answers", express.text({ type: "*/*" }), (req, res) => {
          const { authorization = "" } = req.headers;
          asked.push([authorization, req.body as string]);
          if (authorization === "new") req.sse.join();
          else res.sendStatus(401);
        });
      },
    });
    const page = await open(shop.url);
    await page.run(`(async () => {
      const { connect } = await import("/express-sse-hub/client.js");
      const headers = ({ status }) => ({ Authorization: status === 401 ? "new" : "old" });
      window.answers = connect("/answers", { body: "to be?", headers });
    })()`);
    await until(() => shop.hub.size === 2, "both streams are open");
    expect(asked).toEqual([
      ["old", "to be?"],
      ["new", "to be?"],
    ]);
    await page.run("answers.close()");
    await until(() => shop.hub.size === 1, "one has ended");
  });

  it("loops over events, and leaves while the loop is busy", async () => {
    const shop = await Shop.open({ sse: { static: SITE }, hub: { retryMs: 50 } });
    const page = await open(shop.url);
    await page.tells("recovered null");
    await page.run(`{
      window.got = [];
      const awake = new Promise((resolve) => { window.wake = resolve; });
      void (async () => {
        for await (const { data } of stream.events("order")) {
          got.push(data.id);
          await awake;
        }
      })();
    }`);
    const ids = Array.from({ length: 3_000 }, (_, id) => id);
    const filler = "x".repeat(5_000);
    for (const id of ids) await shop.hub.broadcast("order", { id, filler });
    await until(() => shop.hub.size === 0, "the stream has left");
    await page.run("wake()");
    await page.run(`new Promise((resolve) => {
      setInterval(() => { if (got.length === 3000) resolve(); }, 10);
    })`);
    expect(await page.run("got")).toEqual(ids);
  }, 60_000);

  it("shares one connection between tabs, and hands it on", async () => {
    const shop = await Shop.open(FAST);
    const [first, second] = await openTwo(`${shop.url}?shared=true`);
    await Promise.all([first.tells("recovered null"), second.tells("recovered null")]);
    await until(() => shop.hub.size === 1, "they share one connection");
    await shop.hub.broadcast("message", "to both");
    await Promise.all([first.tells("message to both"), second.tells("message to both")]);
    await first.page.close();
    await shop.hub.broadcast("message", "to the other");
    await second.tells("message to the other");
    expect(await second.messages()).toEqual(["message to both", "message to the other"]);
  });
});
