import { Readable } from "node:stream";
import express, { type Request, type Response } from "express";
import { connect, type Tried } from "express-sse-hub/client";
import { Deferred } from "../../lib/async/deferred.js";
import { describeInBrowser } from "../support/browser.js";
import { sample } from "../support/guides.js";
import { Shop, until } from "../support/shop.js";
import { ClientPage, SITE } from "./client-page.js";
import { listen, reportedErrors } from "./listened.js";

const NOWHERE = "http://localhost:1";

interface Asked {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly text: unknown;
}

/** A shop that joins what comes to `/asked` with a valid token, and notes what it was asked. */
async function openGuarded(isValid: (authorization: string | undefined) => boolean) {
  const asked: Asked[] = [];
  const shop = await Shop.open({
    hub: { retryMs: 10 },
    routes: (app) => {
      app.all("/asked", express.text({ type: "*/*" }), (req: Request, res: Response) => {
        const { authorization } = req.headers;
        asked.push({ method: req.method, authorization, text: req.body });
        if (isValid(authorization)) req.sse.join();
        else res.status(401).json({ why: "expired" });
      });
    },
  });
  return { shop, asked, url: `${shop.url}/asked` };
}

describe("the request of a stream", () => {
  it("is a POST with the same body and headers at every try", async () => {
    const { shop, asked, url } = await openGuarded(() => true);
    const { tells } = listen(url, { body: "question", headers: { Authorization: "me" } });
    await tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await tells("message before");
    shop.hub.connections()[0]?.close();
    await tells("recovered true");
    const one = { method: "POST", authorization: "me", text: "question" };
    expect(asked).toEqual([one, one]);
  });

  it("asks for headers before every try, and renews a token after 401", async () => {
    let valid = "Bearer 1";
    let token = 1;
    const tries: Tried[] = [];
    const { shop, url } = await openGuarded((given) => given === valid);
    const headers = (tried: Tried) => {
      tries.push(tried);
      if (tried.status === 401) token += 1;
      return Promise.resolve({ Authorization: `Bearer ${token}` });
    };
    const { told, tells } = listen(url, { headers });
    await tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await tells("message before");
    valid = "Bearer 2";
    shop.hub.connections()[0]?.close();
    await tells("recovered true");
    expect(tries).toEqual([
      { attempt: 1, status: undefined },
      { attempt: 1, status: undefined },
      { attempt: 2, status: 401 },
    ]);
    expect(told.slice(3)).toEqual(["end close", "waiting", "connecting", "open", "recovered true"]);
  });

  it("ends as unauthorized after a second 401 in a row", async () => {
    const { asked, url } = await openGuarded(() => false);
    const headers = ({ status }: Tried) => ({ Authorization: String(status) });
    const { told, tells } = listen(url, { headers });
    await tells("end unauthorized for good");
    expect(told).toEqual(["closed", "end unauthorized for good"]);
    expect(asked.map(({ authorization }) => authorization)).toEqual(["undefined", "401"]);
  });

  it("ends at the first 401 when its headers are always the same", async () => {
    const { asked, url } = await openGuarded(() => false);
    const { tells } = listen(url, { headers: { Authorization: "me" } });
    await tells("end unauthorized for good");
    expect(asked).toHaveLength(1);
  });

  it("is made again when the function for headers has failed", async () => {
    const { asked, url } = await openGuarded(() => true);
    const headers = ({ attempt }: Tried) => {
      if (attempt === 1) throw new Error("no token");
      return { Authorization: "me" };
    };
    const { told, tells } = listen(url, { headers, maxRetryMs: 10 });
    await tells("recovered null");
    expect(told).toEqual(["waiting network", "connecting", "open", "recovered null"]);
    expect(asked).toHaveLength(1);
  });

  it("is not made when the stream was closed while it waited for headers", async () => {
    const { asked, url } = await openGuarded(() => true);
    const [isAsked, headers] = [new Deferred<void>(), new Deferred<Record<string, string>>()];
    const sent: string[] = [];
    const { stream } = listen(url, {
      headers: () => {
        isAsked.resolve();
        return headers.promise;
      },
      fetch: async (to, init) => {
        sent.push(String(init.signal?.aborted));
        return fetch(to, init);
      },
    });
    await isAsked.promise;
    stream.close();
    headers.resolve({});
    await until(() => sent.length === 1, "fetch is told that it is over");
    expect([sent, asked]).toEqual([["true"], []]);
  });

  it("goes through the fetch that was given, and shows every answer", async () => {
    const { url } = await openGuarded((given) => given === "401");
    const [sent, answers]: [string[], unknown[]] = [[], []];
    const { tells } = listen(url, {
      headers: ({ status }) => ({ Authorization: String(status) }),
      fetch: (to, init) => {
        sent.push(to);
        return fetch(to, init);
      },
      onResponse: async (response) => {
        answers.push(response.ok ? response.status : await response.json());
      },
    });
    await tells("recovered null");
    expect([sent, answers]).toEqual([
      [url, url],
      [{ why: "expired" }, 200],
    ]);
  });

  it("reports what onResponse throws, and goes on", async () => {
    const reported = reportedErrors();
    const { url } = await openGuarded(() => true);
    const onResponse = () => {
      throw new Error("of the page");
    };
    const { told, tells } = listen(url, { onResponse });
    await tells("recovered null");
    expect([told[0], reported.map(String)]).toEqual(["open", ["Error: of the page"]]);
  });

  it("ends when its signal is aborted, before or after it has begun", async () => {
    const { shop, asked, url } = await openGuarded(() => true);
    const abort = new AbortController();
    const { told, tells } = listen(url, { signal: abort.signal });
    await tells("recovered null");
    abort.abort();
    await until(() => shop.hub.size === 0, "the connection has ended");
    expect(told).toEqual(["open", "recovered null", "closed"]);
    expect(connect(url, { signal: abort.signal }).state).toBe("closed");
    expect(asked).toHaveLength(1);
  });

  it.each<[what: string, options: object, message: RegExp]>([
    ["a stream as body", { body: new ReadableStream() }, /^The option body .* no stream\.$/],
    ["a stream of Node", { body: Readable.from(["x"]) }, /^The option body .* no stream\.$/],
    ["a body with GET", { body: "x", method: "GET" }, /GET/],
    ["credentials that fetch does not know", { credentials: "all" }, /credentials|all/],
    ["headers as text", { headers: "x" }, /^The option headers .* Expected object or function\.$/],
    ["headers of one tab", { shared: true, headers: {} }, /shared .* Expected false with headers/],
    ["a body of one tab", { shared: true, body: "x" }, /shared .* Expected false with body/],
    ["a fetch of one tab", { shared: true, fetch }, /shared .* Expected false with fetch/],
    ["a method of one tab", { shared: true, method: "GET" }, /Expected false with method/],
    ["onResponse of one tab", { shared: true, onResponse: fetch }, /false with onResponse/],
  ])("refuses %s", (_what, options, message) => {
    let thrown: unknown;
    try {
      connect(NOWHERE, options).close();
    } catch (error) {
      thrown = error;
    }
    expect([(thrown as Error).name, (thrown as Error).message]).toEqual([
      "TypeError",
      expect.stringMatching(message),
    ]);
  });
});

describeInBrowser("the request of a stream in a page", (windows) => {
  it("renews its token, and posts its body, as the guide says", async () => {
    const asked: string[][] = [];
    const shop = await Shop.open({
      sse: { static: SITE },
      routes: (app) => {
        app.post("/answers", express.text({ type: "*/*" }), (req, res) => {
          const { authorization = "" } = req.headers;
          const text = typeof req.body === "string" ? req.body : JSON.stringify(req.body);
          asked.push([authorization, text]);
          if (authorization === "Bearer new") req.sse.join();
          else res.sendStatus(401);
        });
      },
    });
    const page = new ClientPage(await windows.open(shop.url));
    const code = sample("own request");
    await page.page.addScriptTag({
      type: "module",
      content: `
        let current = "old";
        const token = () => current;
        const renewToken = async () => { current = "new"; };
        ${code}
        stream.onOpen(() => told.push("answers open"));
        stream.on("message", (text) => told.push("answer " + text));`,
    });
    await until(() => shop.hub.size === 2, "both streams are open");
    await shop.hub.broadcast("message", "be");
    await page.page.waitForFunction('told.includes("answer be")');
    const body = '{"question":"to be or not?"}';
    expect(asked).toEqual([
      ["Bearer old", body],
      ["Bearer new", body],
    ]);
  });
});
