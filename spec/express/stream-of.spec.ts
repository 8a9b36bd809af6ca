import type { ErrorRequestHandler } from "express";
import { createHub, sse, streamOf } from "express-sse-hub";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { serve } from "../support/serve.js";
import { EXPRESS_VERSIONS } from "../support/shop.js";

const showError: ErrorRequestHandler = ({ code, message }, _req, res, _next) => {
  res.status(500).json({ code, message });
};

describe.each(EXPRESS_VERSIONS)("streamOf on %s", (_version, express) => {
  const open = () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    return { hub, app: express() };
  };

  it("gives req.sse", async () => {
    const { hub, app } = open();
    app.use(sse({ hub }));
    app.get("/events", (req) => {
      expect(streamOf(req)).toBe(req.sse);
      streamOf(req).join();
    });
    const stream = await openStream((await serve(app)).url, "/events");
    await stream.opened();
    await hub.broadcast("message", "hello");
    expect(await stream.nextData()).toEqual(["hello"]);
  });

  it("says in a route above sse() what to mount, and names the route by its pattern", async () => {
    const { hub, app } = open();
    app.get("/events/:id", (req) => void streamOf(req).join());
    app.use(sse({ hub }));
    app.use(showError);
    const { body } = await supertest(app).get("/events/7").expect(500);
    expect(body).toEqual({
      code: "ERR_SSE_NOT_MOUNTED",
      message: expect.stringMatching(
        /^streamOf\(\) was given a request without req\.sse: GET \/events\/:id\. Expected app\.use\(sse\(\{ hub \}\)\) above this route/,
      ),
    });
  });
});
