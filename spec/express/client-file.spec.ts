import express from "express";
import { createHub, sse } from "express-sse-hub";
import supertest from "supertest";
import { CLIENT_BUNDLE, SHARED_BUNDLE } from "../../lib/express/client-bundle.js";
import { EXPRESS_VERSIONS } from "../support/shop.js";

const PATH = "/express-sse-hub/client.js";

function appWith(options: object = {}, at = "/"): express.Express {
  const app = express();
  app.use(at, sse({ hub: createHub(), ...options }));
  return app;
}

describe("the browser client", () => {
  it.each(EXPRESS_VERSIONS)("is served as a module (%s)", async (_version, makeApp) => {
    const app = makeApp();
    app.use(sse({ hub: createHub() }));
    const res = await supertest(app).get(PATH).expect(200);
    expect([res.text, res.headers]).toMatchObject([
      CLIENT_BUNDLE,
      {
        "content-type": "text/javascript; charset=utf-8",
        "content-length": String(Buffer.byteLength(CLIENT_BUNDLE)),
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      },
    ]);
  });

  it("is not sent again to a browser that has it", async () => {
    const app = appWith();
    const { headers } = await supertest(app).get(PATH);
    const res = await supertest(app)
      .get(PATH)
      .set("If-None-Match", `W/${String(headers.etag)}`);
    expect([res.status, res.text, res.headers.etag]).toEqual([304, "", headers.etag]);
    await supertest(app).get(PATH).set("If-None-Match", '"another"').expect(200);
  });

  it("is told of, without being sent, to HEAD", async () => {
    const res = await supertest(appWith()).head(PATH).expect(200);
    expect(res.headers["content-length"]).toBe(String(Buffer.byteLength(CLIENT_BUNDLE)));
  });

  it("is below where sse() is mounted", async () => {
    const app = appWith({}, "/live");
    await supertest(app).get(`/live${PATH}?v=1`).expect(200, CLIENT_BUNDLE);
    await supertest(app).get(PATH).expect(404);
  });

  it.each([
    ["/express-sse-hub/client.js", "/express-sse-hub/client-shared.js"],
    ["/a.b/sse.mjs", "/a.b/sse-shared.mjs"],
    ["/sse", "/sse-shared"],
  ])("at %s imports the part that shares a connection from %s", async (path, sharedPath) => {
    const app = appWith({ client: path });
    const { text } = await supertest(app).get(path);
    const imported = /import\("([^"]*)"\)/.exec(text)?.[1] ?? "";
    expect(new URL(imported, `http://localhost${path}`).pathname).toBe(sharedPath);
    const shared = await supertest(app).get(sharedPath).expect(200, SHARED_BUNDLE);
    expect(shared.headers["content-type"]).toBe("text/javascript; charset=utf-8");
  });

  it("is where the application wants it, or nowhere", async () => {
    await supertest(appWith({ client: "/sse.js" }))
      .get("/sse.js")
      .expect(200, CLIENT_BUNDLE.replace("./client-shared.js", "./sse-shared.js"));
    await supertest(appWith({ client: "/sse.js" }))
      .get(PATH)
      .expect(404);
    await supertest(appWith({ client: null }))
      .get(PATH)
      .expect(404);
  });

  it("answers reading alone", async () => {
    await supertest(appWith()).post(PATH).expect(404);
  });

  it.each(["client.js", "", 1, "/a?b", false])("is refused at %j", (client) => {
    expect(() => sse({ hub: createHub(), client: client as string })).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message: expect.stringMatching(
          /^The option client of sse\(\) is .*\. Expected a path that begins with \/, or null\.$/,
        ) as string,
      }) as Error,
    );
  });
});
