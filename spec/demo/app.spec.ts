import supertest from "supertest";
import { createDemo } from "../../demo/app.js";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { signIn } from "./sign-in.js";
import { serveDemo } from "./demo-page.js";

describe("the demo's API", () => {
  function start() {
    const { app, hub } = createDemo();
    onTestEnd(() => hub.close());
    return app;
  }

  it("knows nobody before a login", async () => {
    await supertest(start()).get("/api/me").expect(200, { user: null });
  });

  it("signs in, says who one is, and signs out", async () => {
    const browser = supertest.agent(start());
    const alice = { login: "alice", profile: "Administrator" };

    const answers = [
      await browser.post("/api/login").send({ login: "alice" }),
      await browser.get("/api/me"),
      await browser.post("/api/logout"),
      await browser.get("/api/me"),
    ];

    expect(answers.map(({ status, body }) => ({ status, body: body as unknown }))).toEqual([
      { status: 200, body: { user: alice } },
      { status: 200, body: { user: alice } },
      { status: 200, body: { user: null } },
      { status: 200, body: { user: null } },
    ]);
  });

  it("gives each login a session id of its own", async () => {
    const app = start();
    const before = await signIn(app, "bob");

    const answer = await supertest(app)
      .post("/api/login")
      .set("Cookie", before)
      .send({ login: "alice" })
      .expect(200);

    expect(answer.get("Set-Cookie")?.[0]?.startsWith(before)).toBe(false);
    await supertest(app).get("/api/me").set("Cookie", before).expect(200, { user: null });
  });

  it.each([{ login: "mallory" }, { login: ["alice"] }, {}, undefined])(
    "refuses the login %j",
    async (body) => {
      await supertest(start())
        .post("/api/login")
        .send(body)
        .expect(400, { message: "Nobody has that login. Try alice or bob." });
    },
  );

  it("answers a body that is no JSON with a message", async () => {
    const answer = await supertest(start())
      .post("/api/login")
      .set("Content-Type", "application/json")
      .send("{")
      .expect(400);

    expect(Object.keys(answer.body as object)).toEqual(["message"]);
  });

  it("keeps the private stream for those who signed in", async () => {
    await supertest(start())
      .get("/api/private/sse")
      .set("Accept", "text/event-stream")
      .expect(401, { message: "Sign in first." });
  });

  it("lets nobody say hello without signing in", async () => {
    await supertest(start())
      .post("/api/hello")
      .send({ to: "all", text: "hello" })
      .expect(401, { message: "Sign in first." });
  });

  it("lets no viewer say hello", async () => {
    const app = start();
    const cookie = await signIn(app, "bob");

    await supertest(app)
      .post("/api/hello")
      .set("Cookie", cookie)
      .send({ to: "all", text: "hello" })
      .expect(403, { message: "This user may not do this." });
  });

  it.each([
    [{ to: "all" }, 'Say something: "text" is a string that is not empty.'],
    [{ to: "all", text: " " }, 'Say something: "text" is a string that is not empty.'],
    [{ to: "all", text: 7 }, 'Say something: "text" is a string that is not empty.'],
    [{ to: "all", text: "x".repeat(501) }, 'Say less: "text" has at most 500 characters.'],
    [
      { to: "bob", text: "hello" },
      'Say whom it is for: "to" is "all", "administrators" or a matcher.',
    ],
    [undefined, 'Say whom it is for: "to" is "all", "administrators" or a matcher.'],
  ])("refuses the hello %j", async (body, message) => {
    const app = start();
    const cookie = await signIn(app, "alice");

    await supertest(app)
      .post("/api/hello")
      .set("Cookie", cookie)
      .send(body)
      .expect(400, { message });
  });

  it("sends an administrator's hello to whom it is for, and answers with its id", async () => {
    const { url } = await serveDemo();
    const cookie = await signIn(url, "alice");
    const alice = await openStream(url, "/api/private/sse", { cookie });
    const nobody = await openStream(url, "/api/test/sse");
    const say = (to: string, text: string) =>
      supertest(url).post("/api/hello").set("Cookie", cookie).send({ to, text }).expect(202);

    const first = await say("administrators", "hello");
    const second = await say("all", "good night");

    const [hello, goodNight] = [first, second].map(({ body }) => (body as { id: string }).id);
    expect([await alice.next(), await alice.next()]).toEqual([
      { event: "message", data: "hello", id: hello },
      { event: "message", data: "good night", id: goodNight },
    ]);
    expect(await nobody.next()).toEqual({ event: "message", data: "good night", id: goodNight });
  });

  it("answers what is not there as JSON", async () => {
    await supertest(start()).get("/api/nothing").expect(404, { message: "There is nothing here." });
  });
});
