import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHub, requireUser, sse } from "express-sse-hub";
import session from "express-session";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { serve } from "../support/serve.js";
import { EXPRESS_VERSIONS, Shop } from "../support/shop.js";

async function folder(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "sse-static-"));
  onTestEnd(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  return root;
}

describe.each(EXPRESS_VERSIONS)("sse() on %s", (_version, express) => {
  it("serves static files from one folder or several, in order, with serve-static's options", async () => {
    const first = await folder({ "index.html": "<p>one", "a.txt": "first" });
    const second = await folder({ "a.txt": "second", "b.txt": "second", ".hidden": "x" });
    const shop = await Shop.open({
      express,
      sse: { static: [first, { root: second, maxAge: "1d", dotfiles: "allow" }] },
    });
    const get = (file: string) => supertest(shop.url).get(file);
    expect((await get("/")).text).toBe("<p>one");
    expect((await get("/a.txt")).text).toBe("first");
    const b = await get("/b.txt");
    expect([b.text, b.get("Cache-Control")]).toEqual(["second", "public, max-age=86400"]);
    expect((await get("/.hidden")).status).toBe(200);
    expect((await get("/c.txt")).status).toBe(404);
  });

  it("gives nothing from outside the folder, and no dotfiles unless allowed", async () => {
    const root = await folder({
      "public/a.txt": "a",
      "public/.env": "confidential",
      "secret.txt": "confidential",
    });
    const shop = await Shop.open({ express, sse: { static: path.join(root, "public") } });
    const paths = [
      "/.env",
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/%00",
      "/%",
    ];
    for (const one of paths) {
      const res = await supertest(shop.url).get(one);
      expect([one, res.status >= 400, res.text.includes("confidential")]).toEqual([
        one,
        true,
        false,
      ]);
    }
  });

  it("never lets a file shadow a stream, nor asks who the user is for a file", async () => {
    const root = await folder({ events: "a file", "a.txt": "a" });
    const user = jest.fn(() => null);
    const shop = await Shop.open({ express, sse: { static: root, user } });
    expect((await supertest(shop.url).get("/a.txt")).text).toBe("a");
    expect(user).not.toHaveBeenCalled();
    const stream = await shop.stream("/events");
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    const file = await fetch(`${shop.url}/events`);
    expect(await file.text()).toBe("a file");
  });

  it("works mounted before session(), the user being asked for later", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const app = express();
    app.use(sse({ hub }));
    app.use(session({ secret: "spec", resave: true, saveUninitialized: true }));
    app.get("/login", (req, res) => {
      Object.assign(req.session, { user: { id: 1 } });
      res.sendStatus(204);
    });
    app.get("/events", requireUser({ id: 1 }), (req) => {
      req.sse.join();
    });
    const { url } = await serve(app);
    const cookie = String((await supertest(url).get("/login")).get("Set-Cookie")).split(";")[0];
    const stream = await openStream(url, "/events", { cookie });
    await stream.opened();
    await hub.broadcast("message", "hello", { id: 1 });
    expect(await stream.nextData()).toEqual(["hello"]);
  });

  it("keeps several hubs apart, the innermost mount holding", async () => {
    const [outer, inner] = [createHub(), createHub()];
    onTestEnd(() => Promise.all([outer.close(), inner.close()]));
    const app = express();
    app.use(sse({ hub: outer }));
    app.use("/inner", sse({ hub: inner }));
    app.get(["/outer", "/inner/events"], (req) => {
      req.sse.join();
    });
    const { url } = await serve(app);
    const [out, inside] = [await openStream(url, "/outer"), await openStream(url, "/inner/events")];
    await Promise.all([out.opened(), inside.opened()]);
    await outer.broadcast("message", "outer");
    await inner.broadcast("message", "inner");
    expect([await out.nextData(), await inside.nextData()]).toEqual([["outer"], ["inner"]]);
    expect([outer.size, inner.size]).toEqual([1, 1]);
  });

  it("works inside a router and a mounted application", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const [app, sub, router] = [express(), express(), express.Router()];
    router.get("/events", (req) => {
      req.sse.join();
    });
    sub.use(sse({ hub }), router);
    app.use("/sub", sub);
    const { url } = await serve(app);
    const stream = await openStream(url, "/sub/events");
    await stream.opened();
    await hub.broadcast("message", "hello");
    expect(await stream.nextData()).toEqual(["hello"]);
  });
});

describe("the options of sse()", () => {
  it.each([
    [{}, "The option hub of sse() is undefined"],
    [{ hub: {} }, "the hub that createHub() gave"],
    [{ hub: null }, "the hub that createHub() gave"],
    [{ hub: createHub(), static: 7 }, "a folder"],
    [{ hub: createHub(), static: "" }, "a folder"],
    [{ hub: createHub(), static: [{ rot: "x" }] }, "a folder"],
    [{ hub: createHub(), user: "me" }, "a function"],
    [{ hub: createHub(), statics: "x" }, "Did you mean static?"],
  ])("refuses %j", (options, why) => {
    expect(() => sse(options as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message: expect.stringContaining(why) }),
    );
  });
});
