import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { createHub } from "express-sse-hub";
import { dashboard, type Allow } from "express-sse-hub/dashboard";
import supertest from "supertest";
import { EXPRESS_VERSIONS, until, type Shop } from "../support/shop.js";
import {
  ADMINISTRATORS,
  ALICE,
  BOB,
  flowThat,
  openDashboardShop,
  tokenFor,
} from "./dashboard-shop.js";
import { logOfNodes } from "./log-of-nodes.js";

const PATHS: Array<[method: "get" | "post", path: string]> = [
  ["get", "/sse-admin"],
  ["get", "/sse-admin/"],
  ["get", "/sse-admin/stream"],
  ["get", "/sse-admin/users"],
  ["get", "/sse-admin/user?key=x"],
  ["get", "/sse-admin/log"],
  ["get", "/sse-admin/runs"],
  ["get", "/sse-admin/anything"],
  ["post", "/sse-admin/reach"],
  ["post", "/sse-admin/send"],
  ["post", "/sse-admin/refresh"],
  ["post", "/sse-admin/disconnect"],
  ["post", "/sse-admin/cancel"],
];

/** What the dashboard's own page sends. */
interface Sent {
  readonly cookie: string;
  readonly token: string;
  readonly headers?: Record<string, string>;
}

const OWN_PAGE = { "Sec-Fetch-Site": "same-origin" };

function post(shop: Shop, path: string, { cookie, token, headers = OWN_PAGE }: Sent) {
  return supertest(shop.url)
    .post(`/sse-admin/${path}`)
    .set({ Cookie: cookie, "SSE-Dashboard-Token": token, ...headers });
}

function errorOf({ body }: { body: unknown }): string {
  return (body as { error: string }).error;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
}

async function signIn(shop: Shop): Promise<Sent> {
  const cookie = await shop.signIn(ALICE);
  return { cookie, token: await tokenFor(shop, cookie) };
}

describe("dashboard()", () => {
  it("needs to be told who may see it", () => {
    const hub = createHub();
    expect(() => dashboard({ hub } as never)).toThrow(TypeError);
    expect(() => dashboard({ hub } as never)).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message: expect.stringContaining("The option allow of dashboard() is undefined."),
      }),
    );
    expect(() => dashboard({ hub, allow: {} })).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FILTER" }),
    );
    expect(() => dashboard({ allow: ADMINISTRATORS } as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION" }),
    );
  });

  it("says where sse() is missing", async () => {
    const shop = await openDashboardShop();
    shop.app.use((_req, res) => res.end());
    const bare = await import("express").then(({ default: express }) => express());
    bare.use("/sse-admin", dashboard({ hub: shop.hub, allow: () => true }));
    const answer = await supertest(bare).get("/sse-admin").expect(500);
    expect(answer.text).toContain("dashboard() was given a request without req.sse");
  });
});

describe.each(EXPRESS_VERSIONS)("the dashboard on %s", (_version, express) => {
  it.each(PATHS)("asks at %s %s who it is", async (method, path) => {
    const shop = await openDashboardShop({ express });
    const bob = await shop.signIn(BOB);
    await supertest(shop.url)[method](path).expect(401);
    await supertest(shop.url)[method](path).set("Cookie", bob).expect(403);
  });

  it("serves who has the right, at its path with and without a slash at the end", async () => {
    const shop = await openDashboardShop({ express });
    const cookie = await shop.signIn(ALICE);
    for (const path of ["/sse-admin", "/sse-admin/"]) {
      const { text } = await supertest(shop.url).get(path).set("Cookie", cookie).expect(200);
      expect(text).toContain("<title>Live audience</title>");
    }
    await supertest(shop.url).get("/sse-admin/anything").set("Cookie", cookie).expect(404);
  });
});

describe("the page", () => {
  it("is at most 80 kB in all, compressed as a proxy does", async () => {
    const shop = await openDashboardShop();
    const cookie = await shop.signIn(ALICE);
    const { text } = await supertest(shop.url).get("/sse-admin").set("Cookie", cookie);
    expect(gzipSync(text).length).toBeLessThanOrEqual(80_000);
    // It asks for nothing more: no address is in it but that of uPlot's licence.
    expect(text.match(/https?:\/\/[^\s"'`)]+/g)).toEqual([
      "https://github.com/leeoniya/uPlot",
      "http://www.w3.org/2000/svg",
      "http://www.w3.org/2000/svg",
    ]);
  });
});

describe("a function as allow", () => {
  const answers: Array<[string, Allow, number]> = [
    ["true", () => true, 200],
    ["a promise of true", () => Promise.resolve(true), 200],
    ["false", () => false, 403],
    ["a promise of false", () => Promise.resolve(false), 403],
    ["what is no boolean", () => ({ id: 1 }) as never, 403],
    [
      "an error",
      () => {
        throw new Error("no database");
      },
      500,
    ],
  ];

  it.each(answers)("that gives %s", async (_what, allow, status) => {
    const shop = await openDashboardShop({ allow });
    await supertest(shop.url).get("/sse-admin").expect(status);
  });

  it("is given the request", async () => {
    const allow: Allow = (req) => (req.sse.user as { name?: string } | undefined)?.name === "Bob";
    const shop = await openDashboardShop({ allow });
    const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
    await supertest(shop.url).get("/sse-admin").set("Cookie", alice).expect(403);
    await supertest(shop.url).get("/sse-admin").set("Cookie", bob).expect(200);
  });
});

describe("the stream of the dashboard", () => {
  it("ends as soon as its user loses the right, and is refused from then on", async () => {
    const shop = await openDashboardShop();
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/sse-admin/stream", { cookie });
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    expect(await stream.closed).toBe("user");
    const again = await shop.attempt("/sse-admin/stream", { cookie });
    expect(again.status).toBe(401);
  });

  it("ends for whom a function allows no longer, when the hub is told to look again", async () => {
    let isAllowed = true;
    const shop = await openDashboardShop({ allow: () => isAllowed });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/sse-admin/stream", { cookie });
    isAllowed = false;
    await shop.hub.refresh({ id: ALICE.id });
    expect(await stream.closed).toBe("refresh");
    expect((await shop.attempt("/sse-admin/stream", { cookie })).status).toBe(403);
    await supertest(shop.url).get("/sse-admin/log").set("Cookie", cookie).expect(403);
  });

  it("is larger than an application's events may be, where it must", async () => {
    const shop = await openDashboardShop({ hub: { maxPayloadBytes: 100 } });
    const stream = await shop.stream("/sse-admin/stream", { cookie: await shop.signIn(ALICE) });
    const flow = await flowThat(stream, () => true);
    expect(JSON.stringify(flow).length).toBeGreaterThan(100);
  });

  it("asks no node anything when nobody looks", async () => {
    let asked = 0;
    const log = logOfNodes(() => {
      asked += 1;
      return [];
    });
    const shop = await openDashboardShop({ hub: { log } });
    const other = await openDashboardShop();
    const [cookie, theirs] = [await shop.signIn(ALICE), await other.signIn(ALICE)];
    const stream = await shop.stream("/sse-admin/stream", { cookie });
    await flowThat(stream, () => asked > 1);
    stream.close();
    await until(() => shop.hub.size === 0, "the stream has ended");
    const before = asked;
    // Updates of a dashboard that somebody looks at go by meanwhile.
    const witness = await other.stream("/sse-admin/stream", { cookie: theirs });
    await witness.nextData(5);
    expect(asked).toBe(before);
  });
});

describe("a call of the dashboard", () => {
  it("tells what an audience reaches, without streams that no broadcast reaches", async () => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    await shop.stream("/sse-admin/stream", { cookie: sent.cookie });
    await shop.stream("/events", { cookie: sent.cookie });
    await shop.stream("/rooms/news", { cookie: await shop.signIn(BOB) });
    await shop.stream("/rooms/news");
    const reach = async (body: object) =>
      (await post(shop, "reach", sent).send(body)).body as object;
    expect(await reach({ matcher: "" })).toMatchObject({ connections: 3, users: 2 });
    expect(await reach({ matcher: '{"profile":"Administrator"}' })).toEqual({
      connections: 1,
      users: 1,
      shown: [{ user: ALICE, connections: 1 }],
    });
    expect(await reach({ matcher: "", rooms: ["news"] })).toEqual({
      connections: 2,
      users: 1,
      shown: [{ user: BOB, connections: 1 }],
    });
  });

  it("says what is wrong with a matcher, and where", async () => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    const refusal = async (matcher: string) =>
      errorOf(await post(shop, "reach", sent).send({ matcher }).expect(400));
    expect(await refusal('{"team":')).toMatch(/^The matcher is no JSON: /);
    expect(await refusal('{"team":{"$near":1}}')).toContain("The matcher holds at team.$near 1.");
  });

  it("refuses a matcher with 10 000 levels, and lives on", async () => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    const deep = '{"$or":['.repeat(10_000) + '{"id":1}' + "]}".repeat(10_000);
    const answer = await post(shop, "reach", sent)
      .set("Content-Type", "application/json")
      .send(JSON.stringify({ matcher: deep }));
    expect([400, 413]).toContain(answer.status);
    const short = '{"$or":['.repeat(5_000) + '{"id":1}' + "]}".repeat(5_000);
    const told = await post(shop, "reach", sent).send({ matcher: short }).expect(400);
    expect(errorOf(told)).toContain("levels");
    await post(shop, "reach", sent).send({ matcher: '{"id":1}' }).expect(200);
  });

  it("sends, refreshes, disconnects and cancels", async () => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const matcher = '{"profile":"Viewer"}';
    await post(shop, "send", sent)
      .send({ matcher, event: "offer", data: '{"price":9}' })
      .expect(200);
    expect(await bob.next()).toMatchObject({ event: "offer", data: '{"price":9}' });
    const run = shop.hub.run("answer-1", ({ signal }) => untilAborted(signal), {
      for: "everybody",
    });
    const cancelled = await post(shop, "cancel", sent).send({ id: "answer-1" }).expect(200);
    expect(cancelled.body).toEqual({ isCancelled: true });
    expect((await run.done).reason).toBe("cancelled");
    await post(shop, "disconnect", sent).send({ matcher }).expect(200);
    expect(await bob.closed).toBe("stop");
    const second = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    await post(shop, "refresh", sent).send({ matcher }).expect(200);
    expect(await second.closed).toBe("refresh");
  });

  it.each(["refresh", "disconnect"])("does not %s everybody", async (name) => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    await post(shop, name, sent).send({ matcher: "" }).expect(400);
    const rooms = ["news"];
    const told = await post(shop, name, sent).send({ matcher: '{"id":1}', rooms }).expect(400);
    expect(errorOf(told)).toBe("This needs a matcher, and no rooms.");
  });
});

describe("a forged call", () => {
  const forged: Array<[string, (sent: Sent) => Sent]> = [
    [
      "of another site, as the browser says",
      (sent) => ({ ...sent, headers: { "Sec-Fetch-Site": "cross-site" } }),
    ],
    ["of a sibling domain", (sent) => ({ ...sent, headers: { "Sec-Fetch-Site": "same-site" } })],
    ["of another origin", (sent) => ({ ...sent, headers: { Origin: "https://evil.example" } })],
    ["that names no origin", (sent) => ({ ...sent, headers: {} })],
    ["without a token", (sent) => ({ ...sent, token: "" })],
    ["with a token that was guessed", (sent) => ({ ...sent, token: "A".repeat(43) })],
  ];

  it.each(forged)("%s does nothing", async (_whose, forge) => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    const { published } = shop.hub.stats();
    const body = { matcher: '{"profile":"Viewer"}', event: "offer", data: "1", id: "answer-1" };
    const run = shop.hub.run("answer-1", ({ signal }) => untilAborted(signal), {
      for: "everybody",
    });
    for (const path of ["reach", "send", "refresh", "disconnect", "cancel"]) {
      await post(shop, path, forge(sent)).send(body).expect(403);
    }
    expect(shop.hub.stats().published).toBe(published);
    expect(shop.hub.stats().runs.running).toBe(1);
    await shop.hub.cancel("answer-1");
    await run.done;
  });

  it("with the token of another session does nothing", async () => {
    const shop = await openDashboardShop();
    const [one, other] = [await signIn(shop), await signIn(shop)];
    expect(one.token).not.toBe(other.token);
    await post(shop, "reach", { ...one, token: other.token })
      .send({})
      .expect(403);
  });

  it("as a form does nothing, whatever it knows", async () => {
    const shop = await openDashboardShop();
    const sent = await signIn(shop);
    await post(shop, "send", sent).type("form").send({ event: "offer" }).expect(415);
    expect(shop.hub.stats().published).toBe(0);
  });
});
