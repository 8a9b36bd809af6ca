import supertest from "supertest";
import { describeInBrowser } from "../support/browser.js";
import { freePort } from "../support/free-port.js";
import { serve } from "../support/serve.js";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const APP = "https://app.example.com";
const EVIL = "https://evil.example.com";

function open(allowedOrigins: string[] = [APP]): Promise<Shop> {
  return Shop.open({ sse: { allowedOrigins } });
}

/** What an answer says to a browser about other origins. */
function corsOf(headers: Record<string, unknown>) {
  return {
    origin: headers["access-control-allow-origin"],
    credentials: headers["access-control-allow-credentials"],
    vary: headers.vary,
  };
}

const NOTHING = { origin: undefined, credentials: undefined };

describe("who may read a stream", () => {
  const allowed: Array<[string, Record<string, string>]> = [
    ["nobody's page", {}],
    ["a page of this origin, as the browser says", { "Sec-Fetch-Site": "same-origin" }],
    ["somebody who types the address", { "Sec-Fetch-Site": "none" }],
    ["a proxy's browser", { "Sec-Fetch-Site": "same-origin", Origin: "https://outside.example" }],
  ];

  it.each(allowed)("%s may", async (_who, headers) => {
    const shop = await open();
    const stream = await shop.stream("/events", { headers });
    expect(corsOf(stream.headers)).toEqual({ ...NOTHING, vary: "Origin" });
  });

  it("an older browser's page of this origin may", async () => {
    const shop = await open([]);
    const stream = await shop.stream("/events", { headers: { Origin: shop.url } });
    expect(corsOf(stream.headers)).toEqual({ ...NOTHING, vary: undefined });
  });

  const refused: Array<[string, Record<string, string>]> = [
    ["a page of an origin that is not named", { Origin: EVIL, "Sec-Fetch-Site": "cross-site" }],
    ["an older browser's page of one", { Origin: EVIL }],
    ["a page of the same site only", { "Sec-Fetch-Site": "same-site" }],
    ["a tag that names no origin", { "Sec-Fetch-Site": "cross-site" }],
    ["a sandboxed page", { Origin: "null" }],
    ["a sandboxed page of a newer browser", { Origin: "null", "Sec-Fetch-Site": "cross-site" }],
    ["an origin in capitals", { Origin: APP.toUpperCase() }],
    ["an origin that begins like a named one", { Origin: `${APP}.evil.example` }],
    ["a named host with another port", { Origin: `${APP}:8443` }],
    ["what is no origin", { Origin: "app.example.com" }],
  ];

  it.each(refused)("%s may not", async (_who, headers) => {
    const shop = await open();
    const cookie = await shop.signIn(ALICE);
    const answer = await supertest(shop.url)
      .get("/events")
      .set({ Cookie: cookie, Accept: "text/event-stream", ...headers });
    expect([answer.status, corsOf(answer.headers)]).toEqual([403, { ...NOTHING, vary: "Origin" }]);
    expect(shop.hub.size).toBe(0);
  });

  it("a named one may, with the visitor's cookies", async () => {
    const shop = await open();
    const stream = await shop.stream("/events", {
      cookie: await shop.signIn(ALICE),
      headers: { Origin: APP, "Sec-Fetch-Site": "cross-site" },
    });
    expect(corsOf(stream.headers)).toEqual({ origin: APP, credentials: "true", vary: "Origin" });
    expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE]);
  });

  it("a named one may be told to ask again, and to stop", async () => {
    const shop = await open();
    shop.hub.on("error", () => undefined);
    const headers = { Origin: APP, "Sec-Fetch-Site": "cross-site" };
    const stopped = await shop.attempt("/events", { headers, lastEventId: "done.one" });
    await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    shop.store.emit("disconnect");
    const putOff = await shop.attempt("/events", { headers });
    const drained = shop.hub.close();
    const late = await shop.attempt("/events", { headers });
    await drained;

    expect([stopped, putOff, late].map(({ status }) => status)).toEqual([204, 200, 200]);
    expect([stopped, putOff, late].map((one) => corsOf(one.headers))).toEqual(
      Array.from({ length: 3 }, () => ({ origin: APP, credentials: "true", vary: "Origin" })),
    );
  });

  it("is decided here, whatever the application tells browsers of every origin", async () => {
    const shop = await Shop.open({
      before: (app) => {
        // As cors({ origin: true, credentials: true }) does.
        app.use((req, res, next) => {
          res.setHeader("Access-Control-Allow-Origin", req.headers.origin ?? "*");
          res.setHeader("Access-Control-Allow-Credentials", "true");
          next();
        });
      },
    });
    await supertest(shop.url).get("/events").set("Origin", EVIL).expect(403);
  });

  it.each([
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "app://bundle",
    "app://localhost:8080",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "moz-extension://7e1b2a7c-3c1e-4f5d-9a10-2f6d3b1c8e90",
    "safari-web-extension://4E7D2B5A-0B7F-4C3A-8E21-5F1F5D7A9C11",
    "https://xn--bcher-kva.example",
    "http://[::1]:8080",
  ])("is a page of %s where it is named, and not otherwise", async (origin) => {
    const headers = { Origin: origin, "Sec-Fetch-Site": "cross-site" };
    const stream = await (await open([origin])).stream("/events", { headers });
    expect(corsOf(stream.headers)).toEqual({ origin, credentials: "true", vary: "Origin" });
    const elsewhere = await open();
    await supertest(elsewhere.url).get("/events").set(headers).expect(403);
  });
});

describe("a browser's question before a stream", () => {
  const ask = async (shop: Shop, headers: Record<string, string>) =>
    supertest(shop.url).options("/events").set(headers);
  const QUESTION = {
    Origin: APP,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "last-event-id",
  };

  it("is answered for Last-Event-ID and a named origin", async () => {
    const answer = await ask(await open(), QUESTION);
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "Last-Event-ID",
      vary: "Origin",
    });
  });

  it.each([
    ["another origin", { Origin: EVIL }],
    ["a sandboxed page", { Origin: "null" }],
    ["another method", { "Access-Control-Request-Method": "DELETE" }],
    ["another header", { "Access-Control-Request-Headers": "x-admin" }],
    ["more headers", { "Access-Control-Request-Headers": "last-event-id,x-admin" }],
  ])("is left to the application for %s", async (_what, other) => {
    const answer = await ask(await open(), { ...QUESTION, ...other });
    expect(corsOf(answer.headers)).toMatchObject(NOTHING);
  });
});

describeInBrowser("a page of another origin", (windows) => {
  const PAGE = `<!doctype html><title>other</title><ul id="log"></ul><script>
    const say = (text) => {
      const item = document.createElement("li");
      item.textContent = text;
      document.getElementById("log").append(item);
    };
    const url = new URLSearchParams(location.search).get("stream");
    const source = new EventSource(url, { withCredentials: true });
    source.addEventListener("hub:open", ({ data }) => say("open " + JSON.parse(data).recovered));
    source.addEventListener("message", ({ data }) => say(data));
    source.addEventListener("error", () => say(source.readyState === 2 ? "failed" : "returns"));
  </script>`;

  async function start(isAllowed: "allowed" | "refused") {
    const page = await serve((_req, res) => {
      res.setHeader("Content-Type", "text/html").end(PAGE);
    });
    const port = await freePort();
    const shop = await Shop.open({
      sse: { allowedOrigins: isAllowed === "allowed" ? [page.url] : [`http://127.0.0.1:${port}`] },
      hub: { retryMs: 50 },
    });
    const cookie = await shop.signIn(ALICE);
    const window = await windows.open(page.url);
    const [name = "", value = ""] = cookie.split("=", 2);
    await window.context().addCookies([{ name, value, url: shop.url }]);
    await window.goto(`${page.url}/?stream=${encodeURIComponent(`${shop.url}/events`)}`);
    const said = async (text: string) => {
      await window.locator(`#log li:last-child:text-is(${JSON.stringify(text)})`).waitFor();
      return window.locator("#log li").allTextContents();
    };
    return { shop, said };
  }

  it("reads with the visitor's cookies where it is allowed, and returns with its cursor", async () => {
    const { shop, said } = await start("allowed");
    await said("open null");
    expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE]);

    shop.hub.connections()[0]?.close();
    await shop.hub.broadcast("message", "for administrators", ALICE);

    expect(await said("for administrators")).toEqual([
      "open null",
      "returns",
      "open true",
      "for administrators",
    ]);
  });

  it("comes back after it was put off, and gives up where it is told to stop", async () => {
    const { shop, said } = await start("allowed");
    await said("open null");

    shop.store.emit("disconnect");
    shop.hub.connections()[0]?.close();
    await until(() => shop.hub.size === 0, "it has gone");
    const putOff = new Promise((resolve) => shop.hub.once("error", resolve));
    await putOff;
    shop.store.emit("connect");
    await said("open true");
    await shop.hub.disconnect(ALICE);

    expect((await said("failed")).at(-1)).toBe("failed");
  });

  it("reads nothing where it is not", async () => {
    const { shop, said } = await start("refused");

    expect(await said("failed")).toEqual(["failed"]);
    expect(shop.hub.stats().closed).toEqual({});
  });
});
