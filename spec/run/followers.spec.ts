import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import supertest from "supertest";
import type { Connection } from "express-sse-hub";
import { RunRecord } from "../../lib/run/run-record.js";
import { Shop } from "../support/shop.js";
import { Script } from "./answers.js";

describe("those who follow a run", () => {
  it("are counted out when a listener of join ends them", async () => {
    const script = new Script();
    const shop = await Shop.open({
      routes: (app) => app.get("/runs/:id", (req) => void req.sse.follow(req.params.id)),
    });
    shop.hub.run("a", script.source, { for: "everybody" });
    shop.hub.on("join", (connection) => {
      connection.end();
    });
    const stream = await shop.attempt("/runs/a");
    expect(await stream.closed).toBe("done");
    expect(shop.hub.stats().runs.followers).toBe(0);
    expect(await shop.hub.runs()).toMatchObject([{ id: "a", followers: 0 }]);
  });

  it("are answered by the application's error handling where its own functions throw late", async () => {
    let following: Promise<Connection | null> | undefined;
    const shop = await Shop.open({
      sse: {
        user: () => Promise.resolve({ name: "alice" }),
        credential: () => {
          throw new Error("no credential today");
        },
      },
      routes: (app) =>
        app.get("/runs/:id", (req) => {
          following = req.sse.follow(req.params.id);
        }),
    });
    shop.hub.run("a", new Script().source, { for: { name: "alice" } });
    const { status, text } = await supertest(shop.url).get("/runs/a");
    expect([status, text]).toEqual([500, expect.stringContaining("no credential today")]);
    expect(await following).toBeNull();
  });

  it("are not served in the name of the request that produces", async () => {
    const context = new AsyncLocalStorage();
    const contexts: unknown[] = [];
    const shop = await Shop.open({
      routes: (app) => app.get("/runs/:id", (req) => void req.sse.follow(req.params.id)),
    });
    shop.hub.on("leave", () => contexts.push(context.getStore()));
    const script = new Script();
    context.run("producer", () => shop.hub.run("a", script.source, { for: "everybody" }));
    const stream = await shop.stream("/runs/a");
    context.run("producer", () => {
      script.say("word");
      script.finish();
    });
    expect(await stream.closed).toBe("done");
    expect(contexts).toEqual([undefined]);
  });

  it("cost no memory for each place that they come back to", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const record = new RunRecord("token");
    record.append(Array.from({ length: 1_100 }, () => Buffer.alloc(1_000, "x")));
    record.finish("done");
    const bytes = () => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = bytes();
    for (let place = 0; place < 1_000; place += 1) {
      record.read(place, "hub");
      await new Promise(setImmediate);
    }
    // A page is 64 KiB. Freed memory is counted out a little later.
    for (let tries = 0; bytes() - before > 100 * 65_536; tries += 1) {
      expect(tries).toBeLessThan(100);
      await wait(10);
    }
  });
});
