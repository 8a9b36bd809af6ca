import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import express, { type Express, type Request } from "express";
import session, { type Store } from "express-session";
import { createHub, requireUser, sse, type EventLog, type Hub } from "express-sse-hub";
import createError from "http-errors";
import { accountRoutes } from "./account-routes.js";
import { answerError } from "./answer-error.js";
import { readHello } from "./read-hello.js";
import { sayHello } from "./say-hello.js";

const PAGE = fileURLToPath(new URL("public", import.meta.url));

// The page brings everything it needs; the browser holds it to that.
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What one node of several shares with the others. One process needs none of it. */
export interface SharedByNodes {
  readonly log: EventLog;
  readonly store: Store;
  readonly secret: string;
  /** The node's own name. Each stream is told it, as the event `node`. */
  readonly node: string;
}

/** Makes the demo, ready to be served: a page, two streams, and routes to sign in and say hello. */
export function createDemo(shared?: SharedByNodes): { app: Express; hub: Hub } {
  const app = express();
  const hub = createHub({ log: shared?.log });
  app.disable("x-powered-by");
  app.use(
    session({
      // Sessions live in memory and end with the process, so nothing is lost by a secret that does too.
      secret: shared?.secret ?? randomBytes(32).toString("base64url"),
      ...(shared && { store: shared.store }),
      name: "express-sse-hub-demo",
      cookie: { sameSite: "lax" },
      resave: false,
      saveUninitialized: false,
    }),
  );
  app.use(sse({ hub, static: { root: PAGE, setHeaders: holdToPolicy } }));
  app.use(express.json());

  const join = (req: Request) => {
    const connection = req.sse.join();
    if (shared) void connection.stream([shared.node], "node");
  };
  app.get("/api/test/sse", join);
  app.get("/api/private/sse", requireUser(), join);
  app.post("/api/hello", requireUser({ profile: "Administrator" }), async (req, res) => {
    res.status(202).json({ id: await sayHello(hub, readHello(req.body)) });
  });
  app.use("/api", accountRoutes());

  app.use((_req, _res, next) => {
    next(createError(404, "There is nothing here."));
  });
  app.use(answerError);
  return { app, hub };
}

function holdToPolicy(res: { setHeader: (name: string, value: string) => unknown }): void {
  res.setHeader("Content-Security-Policy", POLICY);
}
