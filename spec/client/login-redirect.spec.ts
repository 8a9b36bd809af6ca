import { connect, type StreamEnd, type Waiting } from "express-sse-hub/client";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { serve } from "../support/serve.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";
import { ClientPage, WITH_PAGE } from "./client-page.js";

/** A shop whose streams are sent to a login, the first time or as long as nobody has signed in. */
async function openGuarded(login: (url: string) => string, options: ShopOptions = {}) {
  const asked: string[] = [];
  let isOpen = false;
  const shop = await Shop.open({
    ...options,
    hub: { retryMs: 10 },
    routes: (app) => {
      app.get("/login", (_req, res) => void res.type("html").send("<h1>Sign in"));
      app.get("/soon", (_req, res) => void res.status(503).type("html").send("<h1>Soon"));
      app.get("/me", (_req, res) => void res.json({ user: null }));
      app.get("/moved", (req) => {
        req.sse.join();
      });
      app.get("/events", (req, res, next) => {
        asked.push(req.originalUrl);
        if (isOpen) next();
        else res.redirect(login(shop.url));
      });
    },
  });
  return { shop, asked, letIn: () => (isOpen = true) };
}

/** All that a stream tells, with what it was answered. */
function follow(url: string) {
  const stream = connect(url, { maxRetryMs: 20 });
  onTestEnd(() => {
    stream.close();
  });
  const waited: Waiting[] = [];
  const ends: Array<[reason: string, end: StreamEnd]> = [];
  let isOpen = false;
  stream.onState((_state, waiting) => waiting !== undefined && waited.push(waiting));
  stream.onEnd((reason, end) => ends.push([reason, end]));
  stream.onOpen(() => (isOpen = true));
  return { waited, ends, hasOpened: () => isOpen };
}

describe("a stream that is redirected to a login", () => {
  it("ends as unauthorized after three tries, and says where the login is", async () => {
    const { shop, asked } = await openGuarded(() => "/login");
    const { waited, ends } = follow(`${shop.url}/events`);
    await until(() => ends.length > 0, "the end");
    const answer = {
      status: 200,
      contentType: "text/html; charset=utf-8",
      isRedirected: true,
      url: `${shop.url}/login`,
    };
    expect(ends).toEqual([["unauthorized", expect.objectContaining({ ...answer, isFinal: true })]]);
    expect(waited).toEqual(Array(2).fill(expect.objectContaining(answer)));
    expect(asked).toHaveLength(3);
  });

  it("opens where somebody has signed in meanwhile", async () => {
    const { shop, letIn } = await openGuarded(() => "/login");
    const { waited, ends, hasOpened } = follow(`${shop.url}/events`);
    await until(() => waited.length === 2, "it was sent away twice");
    letIn();
    await until(hasOpened, "it is open");
    expect(ends).toEqual([]);
  });
});

describe("a stream that gets something else", () => {
  it.each([
    ["a page that is no stream", "/soon", { status: 503, contentType: "text/html; charset=utf-8" }],
    ["JSON", "/me", { status: 200, contentType: "application/json; charset=utf-8" }],
  ])("after a redirect to %s is told so, and asks again", async (_what, path, answer) => {
    const { shop, letIn } = await openGuarded(() => path);
    const { waited, ends, hasOpened } = follow(`${shop.url}/events`);
    await until(() => waited.length === 5, "it has asked more than three times");
    letIn();
    await until(hasOpened, "it is open");
    const told = { ...answer, isRedirected: true, url: shop.url + path };
    expect([waited[0], ends]).toEqual([expect.objectContaining(told), []]);
  });

  it("without a redirect is told so, and asks again", async () => {
    const { shop } = await openGuarded(() => "/login");
    const { waited, ends } = follow(`${shop.url}/login`);
    await until(() => waited.length === 5, "it has asked more than three times");
    expect(ends).toEqual([]);
    expect(waited[0]).toMatchObject({
      status: 200,
      contentType: "text/html; charset=utf-8",
      isRedirected: false,
      url: `${shop.url}/login`,
    });
  });

  it("is a stream where the redirect leads to one", async () => {
    const { shop } = await openGuarded(() => "/moved");
    const { waited, hasOpened } = follow(`${shop.url}/events`);
    await until(hasOpened, "it is open");
    expect(waited).toEqual([]);
  });
});

describeInBrowser("a page whose stream is redirected to a login", (windows) => {
  const FAST = "/?maxRetryMs=20";

  it.each([
    ["has its own", ""],
    ["is to share it", "&shared=true"],
  ])("hears of the end where it %s", async (_what, query) => {
    const { shop, asked } = await openGuarded(() => "/login", WITH_PAGE);
    const page = new ClientPage(await windows.open(shop.url + FAST + query));
    await page.tells("end unauthorized for good");
    expect(asked).toHaveLength(3);
  });

  it("of another origin, of which a page is told nothing, hears of the end, too", async () => {
    const elsewhere = await serve((_req, res) => {
      res.setHeader("Content-Type", "text/html").end("<h1>Sign in");
    });
    const { sse = {} } = WITH_PAGE;
    const { shop } = await openGuarded(() => `${elsewhere.url}/login`, { sse });
    const page = new ClientPage(await windows.open(shop.url + FAST));
    await page.tells("end unauthorized for good");
    expect((await page.told()).slice(-2)).toEqual(["closed", "end unauthorized for good"]);
  });

  it("hears of it in each tab that shares the stream", async () => {
    const { shop } = await openGuarded(() => "/login", WITH_PAGE);
    const url = `${shop.url}${FAST}&shared=true`;
    const first = await windows.open(url);
    const tabs = [first, await windows.openBeside(first, url)].map((tab) => new ClientPage(tab));
    await Promise.all(tabs.map((tab) => tab.tells("end unauthorized for good")));
    expect(await Promise.all(tabs.map((tab) => tab.run("stream.state")))).toEqual([
      "closed",
      "closed",
    ]);
  });

  it("is open again after its network was away, where the redirect leads to a stream", async () => {
    const { shop } = await openGuarded(() => "/moved", WITH_PAGE);
    const page = new ClientPage(await windows.open(shop.url + FAST));
    await page.tells("recovered null");
    await page.page.context().setOffline(true);
    shop.hub.connections()[0]?.close();
    await page.tells("waiting network");
    await page.page.context().setOffline(false);
    await page.tells("recovered true");
    expect(await page.told()).not.toContain("end unauthorized for good");
  });
});
