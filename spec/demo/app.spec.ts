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
        .expect(400, { message: "There is no user with this login. Try alice or bob." });
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
      'The audience is missing or wrong: "to" is "all", "administrators" or a matcher.',
    ],
    [undefined, 'The audience is missing or wrong: "to" is "all", "administrators" or a matcher.'],
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

  it("has a dashboard for administrators alone", async () => {
    const { url } = await serveDemo();
    const open = async (login: string) => {
      const cookie = await signIn(url, login);
      return (await supertest(url).get("/sse-admin").set("Cookie", cookie)).status;
    };
    expect([await open("alice"), await open("bob")]).toEqual([200, 403]);
  });

  it("sends an event of any name to a matcher, and says whom it reached", async () => {
    const { url } = await serveDemo();
    const cookie = await signIn(url, "alice");
    const alice = await openStream(url, "/api/test/sse", { cookie });
    const nobody = await openStream(url, "/api/test/sse");
    await nobody.opened();
    const ask = supertest(url).post("/api/hello").set("Cookie", cookie);

    const { body } = await ask.send({ event: "order", to: { login: "alice" }, text: "7" });

    const { id, ...rest } = body as { id: string };
    expect(rest).toEqual({ reached: 1, of: 2 });
    expect(await alice.next()).toEqual({ event: "order", data: "7", id });
  });

  it("says whom an audience has", async () => {
    const { url } = await serveDemo();
    const cookie = await signIn(url, "alice");
    const alice = await openStream(url, "/api/test/sse", { cookie });
    await alice.opened();

    await supertest(url)
      .post("/api/audience")
      .set("Cookie", cookie)
      .send({ to: "administrators" })
      .expect(200, { reached: 1, of: 1, users: [{ login: "alice", profile: "Administrator" }] });
  });

  it.each(["/api/hello", "/api/audience"])("refuses a matcher that is none: %s", async (path) => {
    const app = start();
    const cookie = await signIn(app, "alice");

    const answer = await supertest(app)
      .post(path)
      .set("Cookie", cookie)
      .send({ to: { login: { $is: "bob" } }, text: "hello" })
      .expect(400);

    expect((answer.body as { message: string }).message).toContain("$is");
  });

  it("says that the server stops", async () => {
    const { app, hub } = createDemo();
    hub.on("error", () => undefined);
    const cookie = await signIn(app, "alice");
    await hub.close();

    await supertest(app)
      .post("/api/hello")
      .set("Cookie", cookie)
      .send({ to: "all", text: "hello" })
      .expect(503, { message: "The server is stopping." });
  });

  it.each(["hub:open", "", "x".repeat(41), 7])("refuses the event %j", async (event) => {
    const app = start();
    const cookie = await signIn(app, "alice");

    await supertest(app)
      .post("/api/hello")
      .set("Cookie", cookie)
      .send({ event, to: "all", text: "hello" })
      .expect(400, { message: 'Name it: "event" is 1 to 40 letters, digits, "_", "." or "-".' });
  });

  it("changes the profile of who asks", async () => {
    const app = start();
    const browser = supertest.agent(app);
    await browser.post("/api/profile").send({ profile: "Viewer" }).expect(401);
    await browser.post("/api/login").send({ login: "bob" }).expect(200);
    await browser
      .post("/api/profile")
      .send({ profile: "Owner" })
      .expect(400, { message: 'A "profile" is "Administrator" or "Viewer".' });

    const user = { login: "bob", profile: "Administrator" };
    const changed = await browser.post("/api/profile").send({ profile: "Administrator" });
    expect(changed.body).toEqual({ user });
    expect((await browser.get("/api/me")).body).toEqual({ user });
  });

  it("keeps three sessions for one browser, by path", async () => {
    const { url } = await serveDemo();
    const browser = supertest.agent(url);
    await browser.post("/alice/api/login").send({ login: "alice" }).expect(200);
    await browser.post("/bob/api/login").send({ login: "bob" }).expect(200);

    const paths = ["/alice/api/me", "/bob/api/me", "/api/me"];
    const answers = await Promise.all(paths.map((path) => browser.get(path)));

    expect(answers.map(({ body }) => body as unknown)).toEqual([
      { user: { login: "alice", profile: "Administrator" } },
      { user: { login: "bob", profile: "Viewer" } },
      { user: null },
    ]);
  });

  it.each(["/api/answers", "/api/imports"])("lets nobody begin a run unseen: %s", async (path) => {
    await supertest(start()).post(path).expect(401, { message: "Sign in first." });
  });

  it("answers what is not there as JSON", async () => {
    await supertest(start()).get("/api/nothing").expect(404, { message: "There is nothing here." });
  });
});
