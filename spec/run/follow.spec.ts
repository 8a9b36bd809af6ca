import { setTimeout as wait } from "node:timers/promises";
import { EventSource } from "eventsource";
import supertest from "supertest";
import type {
  FollowOptions,
  HubOptions,
  Run,
  RunOptions,
  RunSource,
  SseHubError,
} from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import type { StreamEvent, StreamReader } from "../support/open-stream.js";
import { EXPRESS_VERSIONS, Shop, until } from "../support/shop.js";
import { answerRoutes, FOR_ALICE, Script, wordsOf } from "./answers.js";

describe.each(EXPRESS_VERSIONS)("req.sse.follow() on %s", (_version, express) => {
  /** A shop whose answers come from this source. */
  async function openShop(
    source: RunSource,
    options: RunOptions = FOR_ALICE,
    more: { follow?: FollowOptions; hub?: HubOptions } = {},
  ): Promise<{ shop: Shop; runs: Run[]; errors: SseHubError[]; alice: string; bob: string }> {
    const runs: Run[] = [];
    const errors: SseHubError[] = [];
    const shop = await Shop.open({
      express,
      hub: { retryMs: 10, ...more.hub },
      routes: (app, hub) => {
        const begin = (id: string) => {
          const run = hub.run(id, source, options);
          runs.push(run);
          return run;
        };
        answerRoutes(app, hub, begin, more.follow);
      },
    });
    shop.hub.on("error", (error) => errors.push(error));
    const alice = await shop.signIn({ name: "alice" });
    return { shop, runs, errors, alice, bob: await shop.signIn({ name: "bob" }) };
  }

  it("answers the request that began the run with the run, and then ends for good", async () => {
    const { shop, runs, alice } = await openShop(() => wordsOf(3));
    const stream = await shop.attempt("/answers/a", { method: "POST", cookie: alice });
    expect(await stream.closed).toBe("done");
    const [token] = String(stream.hubEvents[0]?.id).split(".");
    expect(seenBy(stream)).toEqual([
      ["hub:open", `${token}.0`],
      ["token", "w1", `${token}.1`],
      ["token", "w2", `${token}.2`],
      ["token", "w3", `${token}.3`],
      ["hub:end", expect.stringMatching(/^done\./)],
    ]);
    expect(await runs[0]?.done).toEqual({ reason: "done", events: 3 });
  });

  it("gives all of it to whoever comes later, in the middle or after the end", async () => {
    const script = new Script();
    const { shop, alice } = await openShop(script.source);
    const first = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    script.say("one", "two");
    expect(await first.nextData(2)).toEqual(["one", "two"]);
    const second = await shop.stream("/answers/a", { cookie: alice });
    expect(await second.nextData(2)).toEqual(["one", "two"]);
    script.say("three");
    expect([await first.nextData(), await second.nextData()]).toEqual([["three"], ["three"]]);
    script.finish();
    expect([await first.closed, await second.closed]).toEqual(["done", "done"]);
    const third = await shop.attempt("/answers/a", { cookie: alice });
    expect(await third.closed).toBe("done");
    expect(eventsOf(third).map(({ data }) => data)).toEqual(["one", "two", "three"]);
  });

  it("goes on behind the cursor that a browser brings, and tells it when the cursor is another run's", async () => {
    const script = new Script();
    const { shop, alice } = await openShop(script.source);
    const first = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    script.say("one", "two", "three");
    await first.nextData(3);
    const [, second] = eventsOf(first);
    first.close();
    const back = await shop.stream("/answers/a", { cookie: alice, lastEventId: second?.id });
    expect(await back.opened()).toMatchObject({ recovered: true });
    expect(await back.nextData()).toEqual(["three"]);
    for (const [lastEventId, reason] of [
      ["other.2", "epoch"],
      [String(second?.id).replace(".2", ".4"), "unknown"],
      ["\u00e4\u0000.1", "epoch"],
    ]) {
      const stray = await shop.stream(
        `/answers/a?lastEventId=${encodeURIComponent(String(lastEventId))}`,
        { cookie: alice },
      );
      expect(await stray.opened()).toMatchObject({ recovered: false, reason });
      expect(await stray.nextData(3)).toEqual(["one", "two", "three"]);
    }
  });

  it("does not come back after the end, and a return is answered 204", async () => {
    const { shop, alice } = await openShop(() => wordsOf(2));
    await supertest(shop.url).post("/answers/a").set("Cookie", alice).buffer(true);
    let requests = 0;
    const source = new EventSource(`${shop.url}/answers/a`, {
      fetch: (url, init) => {
        requests += 1;
        return fetch(url, { ...init, headers: { ...init.headers, cookie: alice } });
      },
    });
    onTestEnd(() => {
      source.close();
    });
    const words: string[] = [];
    source.addEventListener("token", ({ data }) => words.push(String(data)));
    await until(() => source.readyState === source.CLOSED, "the client has given up");
    // It returns once, and is answered 204.
    expect([words, requests]).toEqual([["w1", "w2"], 2]);
  });

  it("answers 404 through next for what is unknown, not for this user, or no id at all", async () => {
    const { shop, alice, bob } = await openShop(new Script().source);
    await shop.stream("/answers/a", { method: "POST", cookie: alice });
    const ask = async (path: string, cookie: string) => {
      const { status, text } = await supertest(shop.url).get(path).set("Cookie", cookie);
      return [status, text.replace(/[\s\S]*<pre>|\n?<\/pre>[\s\S]*|(<br>)? &nbsp;[\s\S]*/g, "")];
    };
    const missing = [404, "NotFoundError: There is no such run."];
    expect(await ask("/answers/a", bob)).toEqual(missing);
    expect(await ask("/answers/a", "")).toEqual(missing);
    expect(await ask("/answers/b", alice)).toEqual(missing);
    expect(await ask(`/answers/${encodeURIComponent("ä\n:\0")}`, alice)).toEqual(missing);
    expect(await ask(`/answers/${"x".repeat(2_000)}`, alice)).toEqual(missing);
    expect(await ask("/answers/__proto__", alice)).toEqual(missing);
    expect(shop.hub.stats().connections).toBe(1);
  });

  it("is the only one of its request", async () => {
    const thrown: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app, hub) => {
        app.get("/two", (req) => {
          for (const id of ["a", "b"]) hub.run(id, () => wordsOf(2), { for: "everybody" });
          void req.sse.follow("a");
          void req.sse.follow("a");
          try {
            void req.sse.follow("b");
          } catch (error) {
            thrown.push(error);
          }
        });
      },
    });
    const stream = await shop.attempt("/two");
    expect(await stream.closed).toBe("done");
    expect(await stream.nextData(2)).toEqual(["w1", "w2"]);
    expect(thrown).toEqual([
      expect.objectContaining({
        code: "ERR_SSE_HEADERS_SENT",
        message: expect.stringMatching(/^req\.sse\.follow\("b"\) was called after .*"a"/) as string,
      }),
    ]);
  });

  it("is for everybody where it says so, and only then", async () => {
    const { shop } = await openShop(new Script().source);
    expect(() => shop.hub.run("b", () => [], {} as RunOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message: expect.stringContaining("for") as string,
      }),
    );
    shop.hub.run("b", () => ["word"], { for: "everybody" });
    const stream = await shop.attempt("/answers/b");
    expect(await stream.closed).toBe("done");
    expect(seenBy(stream)[1]).toEqual(["message", "word", expect.any(String)]);
  });

  it("ends with the user: who signs out gets nothing more, and nothing at a return", async () => {
    const script = new Script();
    const { shop, alice } = await openShop(script.source);
    const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    script.say("one");
    await stream.nextData();
    await supertest(shop.url).post("/logout").set("Cookie", alice).expect(204);
    script.say("two");
    expect(await stream.closed).toBe("user");
    expect(eventsOf(stream)).toHaveLength(1);
    const back = await shop.attempt("/answers/a", {
      cookie: alice,
      lastEventId: stream.lastEventId,
    });
    expect(back.status).toBe(404);
  });

  it("goes on without readers, and is cancelled only by whom it is for", async () => {
    const script = new Script();
    const { shop, runs, alice, bob } = await openShop(script.source);
    const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    stream.close();
    await until(() => shop.hub.size === 0, "it has left");
    script.say("unheard");
    const cancel = (cookie: string, id = "a") =>
      supertest(shop.url).delete(`/answers/${id}`).set("Cookie", cookie);
    expect((await cancel(bob)).body).toBe(false);
    expect((await cancel(alice, "b")).body).toBe(false);
    expect(script.tools?.signal.aborted).toBe(false);
    const later = await shop.stream("/answers/a", { cookie: alice });
    expect(await later.nextData()).toEqual(["unheard"]);
    expect((await cancel(alice)).body).toBe(true);
    expect(await later.closed).toBe("cancelled");
    expect(script.tools?.signal.reason).toMatchObject({ code: "ERR_SSE_ENDED" });
    expect(await runs[0]?.done).toEqual({ reason: "cancelled", events: 1 });
    expect(script.tools?.send("token", "late")).toBe(false);
    expect((await cancel(alice)).body).toBe(false);
    expect(await shop.hub.cancel("a")).toBe(false);
  });

  it("calls return() of its source when it is cancelled, also where that never gives anything", async () => {
    const log: string[] = [];
    const { shop, runs, alice } = await openShop(() => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          log.push("return");
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    }));
    await shop.stream("/answers/a", { method: "POST", cookie: alice });
    expect(await shop.hub.cancel("a")).toBe(true);
    expect(await runs[0]?.done).toMatchObject({ reason: "cancelled" });
    expect(log).toEqual(["return"]);
  });

  it("tells the page that it failed, and only the application why", async () => {
    const script = new Script();
    const { shop, runs, errors, alice } = await openShop(script.source);
    const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    script.say("one");
    script.fail(new Error("secret of the model"));
    expect(await stream.closed).toBe("failed");
    expect(stream.raw).not.toContain("secret");
    expect(await runs[0]?.done).toMatchObject({
      reason: "failed",
      events: 1,
      error: { code: "ERR_SSE_SOURCE" },
    });
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ["ERR_SSE_SOURCE", "secret of the model"],
    ]);
  });

  it.each<[string, RunOptions]>([
    ["events", { ...FOR_ALICE, maxEvents: 3 }],
    ["bytes", { ...FOR_ALICE, maxBytes: 3 * "event: token\ndata: w1\n\n".length }],
  ])(
    "fails where it outgrows its bound of %s, with all that is within",
    async (_bound, options) => {
      const { shop, runs, errors, alice } = await openShop(() => wordsOf(9), options);
      const stream = await shop.attempt("/answers/a", { method: "POST", cookie: alice });
      expect(await stream.closed).toBe("failed");
      expect(eventsOf(stream).map(({ data }) => data)).toEqual(["w1", "w2", "w3"]);
      expect(await runs[0]?.done).toMatchObject({
        reason: "failed",
        error: { code: "ERR_SSE_RUN_SIZE" },
      });
      expect(runs[0]?.signal.aborted).toBe(true);
      expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_RUN_SIZE"]);
    },
  );

  it("has one living run for an id; when it has ended, another may have the id", async () => {
    const script = new Script();
    const { shop, alice } = await openShop(script.source);
    const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    expect(() => shop.hub.run("a", () => [], FOR_ALICE)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_RUN_EXISTS" }),
    );
    script.say("old");
    script.finish();
    await stream.closed;
    await shop.hub.run("a", () => ["new"], FOR_ALICE).done;
    const back = await shop.attempt("/answers/a", {
      cookie: alice,
      lastEventId: eventsOf(stream)[0]?.id,
    });
    expect(await back.closed).toBe("done");
    expect(await back.opened()).toMatchObject({ recovered: false, reason: "epoch" });
    expect(eventsOf(back).map(({ data }) => data)).toEqual(["new"]);
  });

  it("is forgotten keepMs after its end", async () => {
    const { shop, runs, alice } = await openShop(() => wordsOf(1), { ...FOR_ALICE, keepMs: 3_000 });
    await shop.attempt("/answers/a", { method: "POST", cookie: alice });
    await runs[0]?.done;
    expect((await supertest(shop.url).get("/answers/a").set("Cookie", alice)).status).toBe(200);
    const status = async () =>
      (await supertest(shop.url).get("/answers/a").set("Cookie", alice)).status;
    while ((await status()) === 200) await wait(20);
    expect(await shop.hub.runs()).toEqual([]);
  });

  it("speaks to clients that know no hub with raw: true", async () => {
    const { shop, alice } = await openShop(
      async function* ({ send }) {
        yield { delta: "a" };
        send("usage", { tokens: 1 });
        yield await Promise.resolve("[DONE]");
      },
      { for: { name: "alice" } },
      { follow: { raw: true }, hub: { heartbeatMs: 60_000 } },
    );
    const res = await supertest(shop.url).post("/answers/a").set("Cookie", alice).buffer(true);
    expect(res.headers["content-type"]).toBe("text/event-stream");
    expect(res.text).toBe(
      ':\ndata: {"delta":"a"}\n\nevent: usage\ndata: {"tokens":1}\n\ndata: [DONE]\n\n',
    );
  });

  it("says nothing of the hub to such clients either where it puts them off", async () => {
    const { shop, alice } = await openShop(new Script().source, FOR_ALICE, {
      follow: { raw: true },
    });
    shop.hub.run("a", () => ["word"], FOR_ALICE);
    const follow = () => supertest(shop.url).get("/answers/a").set("Cookie", alice);
    expect((await follow()).text).toBe(":\nevent: token\ndata: word\n\n");
    const closing = shop.hub.close();
    expect((await follow()).text).not.toContain("retry:");
    await closing;
  });

  it("reaches a slow reader whole, and is held up by none", async () => {
    const text = "x".repeat(100_000);
    const { shop, runs, alice } = await openShop(
      async function* () {
        for (let n = 0; n < 150; n += 1) {
          await new Promise(setImmediate);
          yield `${n} ${text}`;
        }
      },
      { ...FOR_ALICE, maxBytes: 20_000_000 },
    );
    const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
    stream.pause();
    expect(await runs[0]?.done).toMatchObject({ reason: "done", events: 150 });
    expect(shop.hub.size).toBe(1);
    stream.resume();
    expect(await stream.closed).toBe("done");
    expect(eventsOf(stream).map(({ data }) => Number.parseInt(data))).toEqual([
      ...Array(150).keys(),
    ]);
  });

  it("tells what runs there are, and what they were", async () => {
    const script = new Script();
    const { shop, alice } = await openShop(script.source);
    const begun = Date.now();
    await shop.stream("/answers/a", { method: "POST", cookie: alice });
    script.say("one");
    await shop.hub.run("b", () => [], { for: "everybody" }).done;
    while ((await shop.hub.runs({ events: 1 })).length === 0) await wait(1);
    const [run, ...others] = await shop.hub.runs({ state: "running", "for.name": "alice" });
    expect(others).toEqual([]);
    expect(run).toEqual({
      id: "a",
      state: "running",
      for: { name: "alice" },
      since: expect.any(Number) as number,
      followers: 1,
      events: 1,
      bytes: "event: token\ndata: one\n\n".length,
    });
    expect(run?.since).toBeGreaterThanOrEqual(begun);
    expect(shop.hub.stats().runs).toEqual({
      running: 1,
      followers: 1,
      begun: 2,
      events: 1,
      ended: { done: 1 },
    });
    expect(() => shop.hub.runs({ $where: 1 })).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FILTER" }),
    );
  });

  it("sends its followers elsewhere when the hub closes, and is lost, unless it is given time", async () => {
    for (const [drainMs, end] of [
      [0, { reason: "lost", events: 1 }],
      [5_000, { reason: "done", events: 2 }],
    ] as const) {
      const script = new Script();
      const { shop, runs, alice } = await openShop(script.source);
      const stream = await shop.stream("/answers/a", { method: "POST", cookie: alice });
      script.say("one");
      await stream.nextData();
      const closing = shop.hub.close({ drainMs });
      expect(await stream.closed).toBe("shutdown");
      if (drainMs > 0) {
        script.say("two");
        script.finish();
      }
      await closing;
      expect(await runs[0]?.done).toEqual(end);
      expect(runs[0]?.signal.aborted).toBe(end.reason === "lost");
      expect(() => shop.hub.run("b", () => [], FOR_ALICE)).toThrow(
        expect.objectContaining({ code: "ERR_SSE_CLOSED" }),
      );
    }
  });
});

function eventsOf(stream: StreamReader): StreamEvent[] {
  return stream.all.filter(({ event }) => !event.startsWith("hub:"));
}

function seenBy(stream: StreamReader): Array<Array<string | undefined>> {
  return stream.all.map(({ event, data, id }) =>
    event.startsWith("hub:") ? [event, id] : [event, data, id],
  );
}
