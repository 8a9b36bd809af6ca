import { redisLog } from "express-sse-hub/redis";
import { Registry } from "prom-client";
import supertest from "supertest";
import { describeWith } from "../support/describe-with.js";
import { eventually } from "../support/eventually.js";
import { RedisServer } from "../support/redis.js";
import type { Shop } from "../support/shop.js";
import { alerts, asSent, panels, ruleFile, type RuleFile } from "./operations.js";
import { PROMETHEUS, Prometheus, type Sample } from "./prometheus.js";
import { openShop } from "./scraped.js";

const REDIS = "/usr/bin/redis-server";

/** The rules with every `for` as short as a spec can wait. */
function impatient({ groups }: RuleFile): RuleFile {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, for: "1s" })),
    })),
  };
}

function hostOf({ url }: Shop): string {
  return new URL(url).host;
}

/** Two nodes on one Redis, and a Prometheus that has seen both. */
async function openWatchedNodes() {
  const redis = await RedisServer.start();
  const open = () =>
    openShop(new Registry(), {
      hub: { log: redisLog({ url: redis.url }), limits: { perSession: 1 } },
      routes: (app) => {
        app.get("/runs/:id", (req) => void req.sse.follow(req.params.id));
      },
    });
  const [one, two] = [await open(), await open()];
  for (const { hub } of [one, two]) hub.on("error", () => undefined);
  const prometheus = await Prometheus.start([hostOf(one), hostOf(two)], impatient(ruleFile()));
  await eventually(
    () => prometheus.query("sum(sse_log_up)"),
    ([sample]) => sample?.value === 2,
  );
  return { redis, one, two, prometheus };
}

describeWith([PROMETHEUS, REDIS], "a Prometheus that scrapes two nodes", () => {
  it("answers every query of the dashboard, with the true numbers", async () => {
    const { one, two, prometheus } = await openWatchedNodes();
    const cookie = await one.signIn({ login: "alice" });
    const alice = await one.stream("/events", { cookie });
    await (
      await one.attempt("/events", { cookie })
    ).closed;
    const readers = [
      await one.stream(),
      await one.stream(),
      await two.stream(),
      await two.stream(),
    ];
    for (let n = 0; n < 10; n += 1) await one.hub.broadcast("message", `${n}`);
    await Promise.all([alice, ...readers].map((reader) => reader.nextData(10)));
    const { lastEventId } = readers[0] ?? {};
    await supertest(one.url).post("/logout").set("Cookie", cookie).expect(204);
    await alice.closed;
    await two.stream("/events", lastEventId === undefined ? {} : { lastEventId });
    two.hub.run("run.1", ({ send, signal }) => work(send, signal), {
      for: "everybody",
    });
    const follower = await one.stream("/runs/run.1");
    await follower.next();
    // The newest that has happened on each node is in. Everything is asked about that time: a scrape may fail later.
    const [{ at } = {}] = await eventually(
      () => prometheus.query("sum(sse_run_followers) + sum(sse_runs) + sum(sse_connections)"),
      ([sample]) => sample?.value === 8,
    );

    const shown = new Map<string, Sample[]>();
    for (const { type, title, targets } of panels()) {
      const answers: Sample[] = [];
      for (const { expr, legendFormat } of targets) {
        const samples = await prometheus.query(asSent(expr, "1m"), at);
        expect([title, expr, samples.length > 0]).toEqual([title, expr, true]);
        const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
        expect(Object.keys(samples[0]?.metric ?? {})).toEqual(expect.arrayContaining(labels));
        answers.push(...samples);
      }
      shown.set(type === "stat" ? `${title} now` : title, answers);
    }
    const only = (title: string) => shown.get(title)?.map(({ value }) => value);
    const by = (label: string, title: string) =>
      Object.fromEntries(
        (shown.get(title) ?? []).map(({ metric, value }) => [metric[label] ?? "total", value]),
      );
    const [host, other] = [hostOf(one), hostOf(two)];

    expect({
      connections: only("Connections now"),
      nodes: only("Nodes now"),
      log: only("Log now"),
      behind: only("Behind now"),
      runs: only("Runs now"),
    }).toEqual({ connections: [6], nodes: [2], log: [1], behind: [0], runs: [1] });
    expect(by("instance", "Connections")).toEqual({ [host]: 3, [other]: 3, total: 6 });
    expect(by("instance", "Followers")).toEqual({ [host]: 1, [other]: 0, total: 1 });
    expect(by("instance", "Events in the log")).toEqual({ [host]: 10, [other]: 10 });
    expect(by("instance", "Size of the log")).toEqual({
      [host]: one.hub.stats().log.bytes,
      [other]: two.hub.stats().log.bytes,
    });
    expect(by("instance", "Lag")).toEqual({ [host]: 0, [other]: 0 });
    expect(happened(by("instance", "Published"))).toEqual([host, "total"].sort());
    expect(happened(by("instance", "Delivered live"))).toEqual([host, other, "total"].sort());
    expect(happened(by("reason", "Refused"))).toEqual(["perSession"]);
    expect(happened(by("verdict", "Returns by verdict"))).toEqual(["new", "recovered"]);
    expect(happened(by("reason", "Opened and ended"))).toEqual(["total", "user"]);
    expect(happened(by("cause", "Sessions ended"))).toEqual(["destroyed"]);
    expect(only("Broadcast to write, p95 now")?.[0]).toBeGreaterThan(0);
  }, 90_000);

  it("fires when the log is down, names the node and what to do, and stops when it is back", async () => {
    const { redis, one, two, prometheus } = await openWatchedNodes();
    const firing = async () =>
      (await prometheus.alerts()).filter(
        ({ labels, state }) => labels.alertname === "SseLogDown" && state === "firing",
      );
    expect(await firing()).toEqual([]);

    await redis.kill();
    const fired = await eventually(firing, ({ length }) => length === 2);
    await redis.run();
    const after = await eventually(firing, ({ length }) => length === 0);

    const description = alerts().find(({ alert }) => alert === "SseLogDown")?.annotations
      .description;
    expect(fired.map(({ labels, annotations }) => ({ labels, annotations }))).toEqual(
      expect.arrayContaining(
        [one, two].map(hostOf).map((instance) => ({
          labels: { alertname: "SseLogDown", severity: "critical", job: "shop", instance },
          annotations: { summary: `${instance} cannot reach its log`, description },
        })),
      ),
    );
    expect(after).toEqual([]);
  }, 90_000);
});

/** Names of what is above 0, sorted. */
function happened(values: Readonly<Record<string, number>>): string[] {
  return Object.keys(values)
    .filter((name) => (values[name] ?? 0) > 0)
    .sort();
}

/** Sends one event, and goes on until it is told to stop. */
async function work(
  send: (event: string, data: unknown) => unknown,
  signal: AbortSignal,
): Promise<void> {
  send("progress", 1);
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}
