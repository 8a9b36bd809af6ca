import express from "express";
import { createHub, sse } from "express-sse-hub";
import session from "express-session";
import supertest from "supertest";
import { onTestEnd } from "./support/disposers.js";
import { openStream } from "./support/open-stream.js";
import { serve } from "./support/serve.js";

// The two scenes of the sample this package comes from: a page connects, and the server says hello
// to everybody, or to administrators only.
describe("the sample", () => {
  async function start() {
    const hub = createHub();
    const app = express();
    app.use(session({ secret: "spec", resave: false, saveUninitialized: false }));
    app.use(sse({ hub }));
    app.use(express.json());
    app.post("/api/login", (req, res) => {
      Object.assign(req.session, { user: req.body as object });
      res.sendStatus(204);
    });
    app.get("/api/test/sse", (req) => {
      req.sse.join();
    });
    const { url } = await serve(app);
    onTestEnd(() => hub.close());
    return { hub, url };
  }

  async function signIn(url: string, user: object) {
    const res = await supertest(url).post("/api/login").send(user).expect(204);
    return String(res.get("Set-Cookie")?.[0]).split(";")[0];
  }

  it("says hello to everybody", async () => {
    const { hub, url } = await start();
    const one = await openStream(url, "/api/test/sse");
    const two = await openStream(url, "/api/test/sse");

    await hub.broadcast("message", "hello");

    expect((await one.next()).data).toBe("hello");
    expect((await two.next()).data).toBe("hello");
  });

  it("says hello to administrators only", async () => {
    const { hub, url } = await start();
    const cookie = await signIn(url, { login: "alice", profile: "Administrator" });
    const alice = await openStream(url, "/api/test/sse", { cookie });
    const bob = await openStream(url, "/api/test/sse", {
      cookie: await signIn(url, { login: "bob", profile: "Viewer" }),
    });
    const nobody = await openStream(url, "/api/test/sse");

    await hub.broadcast("message", "hello", { profile: "Administrator" });
    await hub.broadcast("message", "hello again", ({ user }) => user?.profile === "Administrator");
    await hub.broadcast("message", "good night");

    expect(await alice.nextData(3)).toEqual(["hello", "hello again", "good night"]);
    expect(await bob.nextData()).toEqual(["good night"]);
    expect(await nobody.nextData()).toEqual(["good night"]);
  });
});
