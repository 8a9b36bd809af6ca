import type { Response } from "express";
import { memoryLog } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";
import { connect, type ConnectOptions } from "express-sse-hub/client";
import { FaultProxy } from "../support/fault-proxy.js";
import { Shop, until } from "../support/shop.js";
import { listen, reportedErrors } from "./listened.js";

const FAST = { retryMs: 10 };

/** A shop that gives these answers to the first requests for a stream, and notes their cursors. */
async function openAfter(...answers: Array<(res: Response) => void>) {
  const cursors: Array<string | undefined> = [];
  const shop = await Shop.open({
    hub: FAST,
    routes: (app) => {
      app.get("/events", (req, res, next) => {
        cursors.push(req.sse.lastEventId);
        const answer = answers.shift();
        if (answer === undefined) next();
        else answer(res);
      });
    },
  });
  return { shop, cursors };
}

function timeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

async function* words(): AsyncGenerator<string> {
  yield* ["to", await Promise.resolve("be")];
}

describe("a stream of the client", () => {
  it("gives text as text and JSON as its value, as it was asked for", async () => {
    const { hub, url } = await Shop.open();
    const { told, tells } = listen(`${url}/events`);
    await tells("recovered null");

    await hub.broadcast("message", "[1]");
    await hub.broadcast("order", { id: 7 });
    await hub.broadcast("order", "[1]");
    await hub.broadcast("message", "two\nlines");

    await tells("message two\nlines");
    expect(told).toEqual([
      "open",
      "recovered null",
      "message [1]",
      'order {"id":7}',
      "order [1]",
      "message two\nlines",
    ]);
  });

  it("reports a listener that throws, and data that is no JSON, and goes on", async () => {
    const reported = reportedErrors();
    const { hub, url } = await Shop.open();
    const { stream, told, tells } = listen(`${url}/events`);
    stream.on("order", () => {
      throw new Error("of the page");
    });
    await tells("recovered null");

    await hub.broadcast("order", "no JSON");
    await hub.broadcast("order", { id: 7 });

    await tells('order {"id":7}');
    expect(told.slice(2)).toEqual(['order {"id":7}']);
    await until(() => reported.length === 3, "all is reported");
    expect(reported.map(String)).toEqual([
      "TypeError: The data of the event order is not JSON: no JSON. Use on() for text.",
      "Error: of the page",
      "Error: of the page",
    ]);
  });

  it("calls a listener no more once it was taken off, and another that is the same still", async () => {
    const { hub, url } = await Shop.open();
    const { stream, tells } = listen(`${url}/events`);
    const texts: string[] = [];
    const note = (text: string) => texts.push(text);
    const off = stream.on("message", note);
    stream.on("message", note);
    await tells("recovered null");
    await hub.broadcast("message", "twice");
    await tells("message twice");
    off();
    await hub.broadcast("message", "once");
    await tells("message once");
    expect(texts).toEqual(["twice", "twice", "once"]);
  });

  it("begins after the event that the page knows already", async () => {
    const { hub, url } = await Shop.open();
    const lastEventId = await hub.broadcast("message", "known");
    await hub.broadcast("message", "new");
    const { told, tells } = listen(`${url}/events`, { lastEventId });
    await tells("message new");
    expect(told).toEqual(["open", "recovered true", "message new"]);
  });

  it("knows its connection while it is open", async () => {
    const { hub, url } = await Shop.open({ hub: { retryMs: 60_000 } });
    const { stream, tells } = listen(`${url}/events`);
    expect([stream.state, stream.connection]).toEqual(["connecting", undefined]);
    await tells("recovered null");
    expect([stream.state, stream.connection]).toEqual(["open", hub.connections()[0]?.id]);
    hub.connections()[0]?.close();
    await tells("waiting");
    expect([stream.state, stream.connection]).toEqual(["waiting", undefined]);
  });

  it("leaves when it is closed, also out of a listener, and tells nothing any more", async () => {
    const { hub, url } = await Shop.open();
    const { stream, told, tells } = listen(`${url}/events`);
    stream.on("message", () => {
      stream.close();
    });
    await tells("recovered null");
    void hub.broadcast("message", "last");
    void hub.broadcast("message", "too late");
    await until(() => hub.size === 0, "the connection has ended");
    stream.close();
    expect(told).toEqual(["open", "recovered null", "message last", "closed"]);
  });
});

describe("a stream of the client that is closed by who listens", () => {
  it("tells nothing more of what had come already", async () => {
    const { url, hub } = await Shop.open();
    const { stream, told } = listen(`${url}/events`);
    stream.onState((state) => {
      if (state === "open") stream.close();
    });
    await until(() => told.includes("closed"), "it is closed");
    await until(() => hub.size === 0, "the connection has ended");
    expect(told).toEqual(["open", "closed"]);
  });

  it("waits for nothing more", async () => {
    const { url, hub } = await Shop.open({ hub: { retryMs: 3_600_000 } });
    const { stream, told, tells } = listen(`${url}/events`);
    stream.onState((state) => {
      if (state === "waiting") stream.close();
    });
    await tells("recovered null");
    const timers = timeouts();
    hub.connections()[0]?.close();
    await until(() => told.includes("closed"), "it is closed");
    // The one that watched for silence is gone, and none came instead.
    await until(() => timeouts() < timers, "no timer is left");
    expect(told.slice(2)).toEqual(["end close", "waiting", "closed"]);
  });
});

describe("a stream of the client returns", () => {
  it.each<[what: string, answer: (res: Response) => void, state: string]>([
    ["503", (res) => res.status(503).end(), "waiting 503"],
    ["429", (res) => res.status(429).end(), "waiting 429"],
    ["a proxy's error page", (res) => res.status(502).type("html").send("<h1>Oh"), "waiting 502"],
    ["a page with status 200", (res) => res.type("html").send("<h1>Back soon"), "waiting 200"],
    ["404, as while a server is being replaced", (res) => res.sendStatus(404), "waiting 404"],
    ["an answer that breaks off", (res) => res.socket?.destroy(), "waiting network"],
    [
      "a refusal of the hub",
      (res) => res.type("text/event-stream").send("retry: 5\n\n"),
      "waiting 200",
    ],
  ])("after %s, with its cursor", async (_what, answer, state) => {
    const { shop, cursors } = await openAfter((res) => res.req.next?.(), answer, answer);
    const { told, tells } = listen(`${shop.url}/events`);
    await tells("recovered null");
    const id = await shop.hub.broadcast("message", "before");
    await tells("message before");

    shop.hub.connections()[0]?.close();
    const missed = shop.hub.broadcast("message", "missed");

    await tells("message missed");
    await missed;
    expect(told.slice(2)).toEqual([
      "message before",
      "end close",
      "waiting",
      "connecting",
      state,
      "connecting",
      state,
      "connecting",
      "open",
      "recovered true",
      "message missed",
    ]);
    expect(cursors).toEqual([undefined, id, id, id]);
  });

  it("to a server that was not there when it was first asked", async () => {
    const shop = await Shop.open();
    const proxy = await FaultProxy.start(shop.url);
    proxy.isUnplugged = true;
    const { told, tells } = listen(`${proxy.url}/events`, { maxRetryMs: 50 });
    await tells("waiting network", 2);
    proxy.isUnplugged = false;
    await tells("recovered null");
    expect([told[0], told.at(-1), shop.hub.size]).toEqual(["waiting network", "recovered null", 1]);
  });

  it("when nothing has come for too long", async () => {
    const shop = await Shop.open({ hub: { ...FAST, heartbeatMs: null } });
    const { told, tells } = listen(`${shop.url}/events`, { silenceMs: 4_000 });
    await tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await tells("recovered true");
    expect(told.slice(0, 7)).toEqual([
      "open",
      "recovered null",
      "message before",
      "waiting network",
      "connecting",
      "open",
      "recovered true",
    ]);
  });

  it("when it is to be asked again who its user is", async () => {
    const shop = await Shop.open({ hub: FAST, sse: { user: () => ({ id: 1 }) } });
    const { told, tells } = listen(`${shop.url}/events`);
    await tells("recovered null");
    await shop.hub.refresh({ id: 1 });
    await tells("recovered true");
    expect(told.slice(2)).toEqual([
      "end refresh",
      "waiting",
      "connecting",
      "open",
      "recovered true",
    ]);
  });

  it("from behind, and is told what the log has lost meanwhile", async () => {
    const begun = new Deferred<void>();
    const shop = await Shop.open({
      hub: { log: memoryLog({ maxEvents: 2 }) },
      routes: (app) => {
        app.get("/state", (req) => {
          const first = async (): Promise<[string, string]> => {
            await begun.promise;
            return ["message", "state"];
          };
          req.sse.join({ first });
        });
      },
    });
    const { told, tells } = listen(`${shop.url}/state`);
    await tells("recovered null");
    for (const text of ["1", "2", "3"]) await shop.hub.broadcast("message", text);
    begun.resolve();
    await tells("gap trimmed");
    await shop.hub.broadcast("message", "4");
    await tells("message 4");
    expect(told.slice(2)).toEqual(["message state", "gap trimmed", "message 4"]);
  });

  it("to be told that the log cannot say what it missed", async () => {
    const shop = await Shop.open({ hub: { ...FAST, log: memoryLog({ maxEvents: 2 }) } });
    const { told, tells } = listen(`${shop.url}/events`);
    await tells("recovered null");
    shop.hub.connections()[0]?.close();
    for (const text of ["1", "2", "3"]) void shop.hub.broadcast("message", text);
    await tells("recovered trimmed");
    await shop.hub.broadcast("message", "4");
    await tells("message 4");
    expect(told.filter((line) => /^(recovered|message)/.test(line))).toEqual([
      "recovered null",
      "recovered trimmed",
      "message 4",
    ]);
  });
});

describe("a stream of the client stops", () => {
  it.each<[what: string, status: number, reason: string]>([
    ["401", 401, "unauthorized"],
    ["403", 403, "forbidden"],
    ["204", 204, "stop"],
  ])("at %s", async (_what, status, reason) => {
    const { shop, cursors } = await openAfter((res) => res.status(status).end());
    const { stream, told, tells } = listen(`${shop.url}/events`);
    await tells(`end ${reason} for good`);
    expect(told).toEqual(["closed", `end ${reason} for good`]);
    expect([stream.state, cursors.length]).toEqual(["closed", 1]);
  });

  it("when the hub disconnects its user", async () => {
    const shop = await Shop.open({ hub: FAST, sse: { user: () => ({ id: 1 }) } });
    const { told, tells } = listen(`${shop.url}/events`);
    await tells("recovered null");
    await shop.hub.disconnect({ id: 1 });
    await tells("end stop for good");
    expect(told).toEqual(["open", "recovered null", "closed", "end stop for good"]);
  });

  it("when a stream of its own is finished, and does not ask again", async () => {
    let runs = 0;
    const shop = await Shop.open({
      hub: FAST,
      routes: (app) => {
        app.get("/answer", async (req) => {
          runs += 1;
          const connection = req.sse.open();
          await connection.stream(words(), "message");
          connection.end();
        });
      },
    });
    const { told, tells } = listen(`${shop.url}/answer`);
    await tells("end done for good");
    expect(told).toEqual([
      "open",
      "recovered null",
      "message to",
      "message be",
      "closed",
      "end done for good",
    ]);
    await until(() => shop.hub.size === 0, "the stream has ended");
    expect(runs).toBe(1);
  });
});

describe("connect()", () => {
  it.each<[what: string, options: object, message: string]>([
    [
      "an unknown option",
      { share: true },
      "connect() knows no option share. It knows: shared, method, body, headers, credentials, fetch, signal, onResponse, withCredentials, lastEventId, maxRetryMs, silenceMs.",
    ],
    [
      "a time that is none",
      { silenceMs: 0 },
      "The option silenceMs of connect() is 0. Expected milliseconds, above 0.",
    ],
    [
      "a time above what timers know",
      { maxRetryMs: 2 ** 31 },
      "The option maxRetryMs of connect() is 2147483648. Expected milliseconds, above 0.",
    ],
  ])("refuses %s", (_what, options, message) => {
    expect(() => connect("http://localhost:1", options as ConnectOptions)).toThrow(
      new TypeError(message),
    );
  });

  it("refuses a URL that is none", () => {
    expect(() => connect("/events")).toThrow(
      new TypeError("connect() was given /events. Expected an absolute URL, without a page."),
    );
  });
});
