import type { RequestListener } from "node:http";
import express from "express";
import { NoStreamError, visit, type VisitOptions, type Visitor } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";

/** A visitor of an application, until the end of the test. */
async function enter(app: RequestListener | string, options?: VisitOptions): Promise<Visitor> {
  const visitor = await visit(app, options);
  onTestEnd(() => visitor.close());
  return visitor;
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  return (await answer).status;
}

describe("visit", () => {
  it("signs in as the application does it, so that the stream is the user's", async () => {
    const { app, hub } = await Shop.open();
    const [alice, bob] = [await enter(app), await enter(app)];
    expect(await statusOf(alice.post("/login", { login: "alice" }))).toBe(204);
    expect(await statusOf(bob.post("/login", { login: "bob" }))).toBe(204);
    const [toAlice, toBob] = [await alice.stream("/private"), await bob.stream("/private")];

    const id = await hub.broadcast("order", { id: 1 }, { login: "alice" });
    await hub.broadcast("message", "hello");

    expect(await toAlice.next()).toEqual({ event: "order", data: '{"id":1}', id });
    expect(await toAlice.nextText("message")).toBe("hello");
    expect(await toBob.nextText("message")).toBe("hello");
  });

  it("rejects with the status and the body of a guard's refusal", async () => {
    const alice = await enter((await Shop.open()).app);
    const refused = alice.stream("/private");
    await expect(refused).rejects.toBeInstanceOf(NoStreamError);
    await expect(refused).rejects.toMatchObject({
      name: "NoStreamError",
      status: 401,
      headers: { "content-type": "text/html; charset=utf-8" },
      body: expect.stringContaining("Sign in first."),
      message: expect.stringMatching(
        /^GET \/private returned no stream: 401 Unauthorized, "<!DOCTYPE/,
      ),
    });
  });

  it("rejects where the hub put the browser off, with what it was told", async () => {
    const { app } = await Shop.open({ hub: { limits: { connections: 1 }, retryMs: 10 } });
    const alice = await enter(app);
    await alice.stream("/events");
    await expect(alice.stream("/events")).rejects.toMatchObject({
      status: 200,
      body: expect.stringMatching(/^retry: 50\n:\nevent: hub:tick\nid: \S+\ndata: {}\n\n$/),
      message: expect.stringMatching(
        /^GET \/events returned no stream that stayed open: 200 OK, "retry: 50\\n:\\nevent: hub:tick/,
      ),
    });
  });

  it("hears why a stream ends, and asks again as whoever the session is then", async () => {
    const { app, hub } = await Shop.open();
    const alice = await enter(app);
    await alice.post("/login", { login: "alice" });
    const stream = await alice.stream("/events");

    await alice.post("/logout");
    expect(await stream.ended).toBe("user");
    await hub.broadcast("message", "for alice", { login: "alice" });
    await hub.broadcast("message", "for all");

    const again = await stream.return();
    expect(again.verdict).toEqual({ recovered: true });
    expect(await again.nextText("message")).toBe("for all");
  });

  it("returns with the cursor and gets what was missed", async () => {
    const { app, hub } = await Shop.open();
    const alice = await enter(app);
    const stream = await alice.stream("/events");
    expect(stream.verdict).toEqual({ recovered: null });
    await hub.broadcast("message", "seen");
    await stream.next();
    stream.close();
    const id = await hub.broadcast("message", "missed");

    const again = await stream.return();
    expect([again.verdict, await again.next()]).toEqual([
      { recovered: true },
      { event: "message", data: "missed", id },
    ]);
    const byHand = await alice.stream("/events", { lastEventId: "nobody.1" });
    expect(byHand.verdict).toEqual({ recovered: false, reason: "epoch" });
  });

  it("is told with 204 that a finished stream is not to come back", async () => {
    const { app } = await Shop.open({
      routes: (shop) => {
        shop.get("/own", async (req) => {
          const connection = req.sse.open();
          await connection.opened;
          connection.end();
        });
      },
    });
    const stream = await (await enter(app)).stream("/own");
    expect(await stream.ended).toBe("done");
    await expect(stream.return()).rejects.toMatchObject({
      status: 204,
      message: "GET /own returned no stream: 204 No Content, an empty body.",
    });
  });

  it("names the connection as except() takes it", async () => {
    const { app, hub } = await Shop.open();
    const alice = await enter(app);
    const [here, there] = [await alice.stream("/events"), await alice.stream("/events")];
    await hub.except(here.connectionId).broadcast("message", "elsewhere");
    await hub.broadcast("message", "everywhere");
    expect(await here.nextText("message")).toBe("everywhere");
    expect(await there.nextText("message")).toBe("elsewhere");
  });

  it("serves one application once, for as long as somebody visits it", async () => {
    const { app } = await Shop.open();
    const [alice, bob] = await Promise.all([visit(app), visit(app)]);
    expect(bob.url).toBe(alice.url);
    await alice.close();
    await alice.close();
    expect((await bob.stream("/events")).verdict).toEqual({ recovered: null });

    await bob.close();
    await expect(fetch(bob.url)).rejects.toThrow("fetch failed");
    const carol = await enter(app);
    expect((await carol.stream("/events")).verdict).toEqual({ recovered: null });
  });

  it("visits an application that is served by somebody else", async () => {
    const { url, hub } = await Shop.open();
    const alice = await enter(url);
    const stream = await alice.stream("/events");
    await hub.broadcast("message", "hello");
    expect([alice.url, await stream.nextText("message")]).toEqual([url, "hello"]);
    await alice.close();
    expect(await statusOf(fetch(`${url}/private`))).toBe(401);
  });

  it.each<[unknown, unknown, string]>([
    [undefined, {}, "The application to visit is undefined. Expected an Express application"],
    ["localhost", {}, 'The application to visit is "localhost". Expected an Express application'],
    ["http://localhost", { timeout: 1 }, "Did you mean timeoutMs?"],
    ["http://localhost", { timeoutMs: 0 }, "The option timeoutMs of visit() is 0."],
    ["http://localhost", { headers: { a: 1 } }, "The option headers of visit()"],
  ])("refuses %j with %j", async (target, options, message) => {
    await expect(visit(target as never, options as never)).rejects.toMatchObject({
      code: "ERR_SSE_OPTION",
      message: expect.stringContaining(message),
    });
  });
});

describe("a visitor's requests", () => {
  function echo(): RequestListener {
    const app = express();
    app.use(express.json(), express.urlencoded());
    app.all("/echo", (req, res) => {
      const { authorization, cookie } = req.headers;
      res.json({ method: req.method, body: req.body as unknown, authorization, cookie });
    });
    app.get("/enter", (_req, res) => {
      res.cookie("ticket", "1", { path: "/echo" }).redirect("/echo");
    });
    app.get("/silent", () => undefined);
    app.get("/quiet", (_req, res) => {
      res.type("text/event-stream").write(":\n\n");
    });
    return app as RequestListener;
  }

  it("bring JSON, a form or nothing", async () => {
    const alice = await enter(echo());
    const bodyOf = async (answer: Promise<Response>) =>
      ((await (await answer).json()) as { body: unknown }).body;
    expect([
      await bodyOf(alice.post("/echo", { a: [1] })),
      await bodyOf(alice.post("/echo", new URLSearchParams({ b: "2" }))),
      await bodyOf(alice.post("/echo")),
    ]).toEqual([{ a: [1] }, { b: "2" }, undefined]);
  });

  it("keep the cookie that a redirect sets", async () => {
    const alice = await enter(echo());
    const answer = await alice.fetch("/enter");
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/echo"]);
    expect(await (await alice.fetch("/echo")).json()).toEqual({
      method: "GET",
      cookie: "ticket=1",
    });
  });

  it("carry the headers of the visit, and those of the call before them", async () => {
    const alice = await enter(echo(), { headers: { authorization: "Bearer a" } });
    const given = { method: "PUT", headers: { Authorization: "Bearer b" } };
    expect(await (await alice.fetch("/echo")).json()).toMatchObject({ authorization: "Bearer a" });
    expect(await (await alice.fetch("/echo", given)).json()).toEqual({
      method: "PUT",
      authorization: "Bearer b",
    });
    await expect(alice.stream("/echo", given)).rejects.toMatchObject({
      body: '{"method":"PUT","authorization":"Bearer b"}',
    });
    await expect(alice.stream("/echo", { method: "POST", body: { c: 3 } })).rejects.toMatchObject({
      body: '{"method":"POST","body":{"c":3},"authorization":"Bearer a"}',
    });
  });

  it("are given up in time, saying what was asked for", async () => {
    const alice = await enter(echo(), { timeoutMs: 1_000 });
    await expect(alice.fetch("/silent")).rejects.toThrow(
      "GET /silent was not answered in 1000 ms.",
    );
    await expect(alice.stream("/silent")).rejects.toThrow(
      "GET /silent was not answered in 1000 ms.",
    );
    await expect(alice.stream("/quiet")).rejects.toThrow(
      'No hub:open in 1000 ms. Status 200; received ":\\n\\n".',
    );
    await expect(alice.stream("/quiet", { timeoutMs: 500 })).rejects.toThrow("in 500 ms.");
  });

  it("are refused with options that mean nothing", async () => {
    const alice = await enter(echo());
    await expect(alice.stream("/events", { lastEventID: "1" } as never)).rejects.toThrow(
      'stream() does not know the option "lastEventID". Did you mean lastEventId?',
    );
  });
});
