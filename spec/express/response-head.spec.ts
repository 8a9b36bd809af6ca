import { once } from "node:events";
import http, { ServerResponse, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import express5, { type Express, type RequestHandler, type Response } from "express";
import { createHub, sse, type Hub } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { serve } from "../support/serve.js";
import { EXPRESS_VERSIONS } from "../support/shop.js";
import { tokenOf, userOf } from "../support/token-shop.js";

type ExpressOf = typeof express5;

const ALICE = { login: "alice" };
const ENDED = ["user", []];
const [[, express4]] = EXPRESS_VERSIONS as [[string, ExpressOf]];

const logOut: RequestHandler = (_req, res) => {
  res.clearCookie("token").sendStatus(204);
};
const events: RequestHandler = (req) => {
  req.sse.join();
};
const watch = (hub: Hub) => sse({ hub, user: userOf, credential: "token" });

// What an application may look like, whose routes sign out.
const APPLICATIONS: Record<string, (hub: Hub, express: ExpressOf, other: ExpressOf) => Express> = {
  "one application": (hub, express) => {
    const app = express();
    app.use(watch(hub));
    app.get("/events", events).post("/logout", logOut);
    return app;
  },
  "the logout in an application below": (hub, express) => {
    const [app, below] = [express(), express()];
    below.post("/logout", logOut);
    app.use(watch(hub), below).get("/events", events);
    return app;
  },
  "sse() in an application below, which passes on": (hub, express) => {
    const [app, below] = [express(), express()];
    below.use(watch(hub));
    app.use(below);
    app.get("/events", events).post("/logout", logOut);
    return app;
  },
  "sse() in one application below, the logout in another": (hub, express) => {
    const [app, first, second] = [express(), express(), express()];
    first.use(watch(hub));
    second.post("/logout", logOut);
    app.use(first, second).get("/events", events);
    return app;
  },
  "the logout in an application that is called and not mounted": (hub, express) => {
    const [app, called] = [express(), express()];
    called.post("/logout", logOut);
    app.use(watch(hub)).get("/events", events);
    app.use((req, res) => {
      (called as RequestHandler)(req, res, () => undefined);
    });
    return app;
  },
  "the logout below, in another version of Express": (hub, express, other) => {
    const [app, below] = [express(), other()];
    below.post("/logout", logOut);
    app.use(watch(hub), below).get("/events", events);
    return app;
  },
  "sse() below, in another version of Express": (hub, express, other) => {
    const [app, below] = [express(), other()];
    below.use(watch(hub));
    app.use(below);
    app.get("/events", events).post("/logout", logOut);
    return app;
  },
  "a writeHead of the application's own, past that of Express": (hub, express) => {
    const app = express();
    Object.assign(app.response, {
      writeHead(this: Response, ...args: Parameters<Response["writeHead"]>) {
        return ServerResponse.prototype.writeHead.apply(this, args);
      },
    });
    app.use(watch(hub)).get("/events", events).post("/logout", logOut);
    return app;
  },
  "sse() of two hubs": (hub, express) => {
    const inner = createHub();
    onTestEnd(() => inner.close());
    const app = express();
    app.use(watch(hub)).get("/events", events);
    app.use(watch(inner)).post("/logout", logOut);
    return app;
  },
};

describe.each([
  ["Express 4", express4, express5],
  ["Express 5", express5, express4],
])("in %s", (_version, express, other) => {
  it.each(Object.entries(APPLICATIONS))("sees a logout: %s", async (_name, open) => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const { url } = await serve(open(hub, express, other) as RequestListener);

    expect(await streamAfterLogout(hub, url)).toEqual(ENDED);
  });

  it("sees a logout after somebody has replaced writeHead of all responses", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const open = APPLICATIONS["one application"] as (hub: Hub, express: ExpressOf) => Express;
    const { url } = await serve(open(hub, express) as RequestListener);
    expect(await streamAfterLogout(hub, url)).toEqual(ENDED);
    const base = express.response as unknown as { writeHead?: unknown };
    const before = Object.getOwnPropertyDescriptor(base, "writeHead") as PropertyDescriptor;
    onTestEnd(() => Object.defineProperty(base, "writeHead", before));

    base.writeHead = function (this: Response, ...args: Parameters<Response["writeHead"]>) {
      return ServerResponse.prototype.writeHead.apply(this, args);
    };

    expect(await streamAfterLogout(hub, url)).toEqual(ENDED);
  });

  it("leaves responses without properties of its own, and Node's class as it is", async () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const writeHead = () => Object.getOwnPropertyDescriptor(ServerResponse.prototype, "writeHead");
    const before = writeHead();
    const own: boolean[] = [];
    const app = express();
    app.use(watch(hub), (_req, res) => {
      own.push(Object.hasOwn(res, "writeHead"));
      res.send("x");
    });
    const { url } = await serve(app as RequestListener);

    await (await fetch(url)).text();

    expect(own).toEqual([false]);
    expect(writeHead()).toEqual(before);
  });
});

it("sees a logout in a server without Express", async () => {
  const hub = createHub();
  const middleware = watch(hub);
  const server = http.createServer((req, res) => {
    middleware(req, res, () => {
      if (req.url === "/events") (req as unknown as Express.Request).sse.join();
      else res.writeHead(204, { "Set-Cookie": "token=; Max-Age=0" }).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestEnd(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await streamAfterLogout(hub, url)).toEqual(ENDED);
});

/** Why a stream ends whose user signs out, and what it was sent after that. */
async function streamAfterLogout(hub: Hub, url: string): Promise<readonly unknown[]> {
  const cookie = `token=${tokenOf(ALICE)}`;
  const stream = await openStream(url, "/events", { cookie });
  onTestEnd(() => {
    stream.close();
  });
  await stream.opened();

  await fetch(`${url}/logout`, { method: "POST", headers: { cookie } });
  await hub.broadcast("message", "secret", ALICE);

  return [await stream.closed, stream.pending];
}
