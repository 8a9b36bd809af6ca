import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import express, { type Express, type RequestHandler } from "express";
import session, { type Store } from "express-session";
import { createHub, sse, type EventLog, type Hub } from "express-sse-hub";
import { dashboard } from "express-sse-hub/dashboard";
import createError from "http-errors";
import { accountRoutes } from "./account-routes.js";
import { answerError } from "./answer-error.js";
import { controlRoutes } from "./control-routes.js";
import type { Controls } from "./controls.js";
import { helloRoutes } from "./hello-routes.js";
import { runRoutes } from "./run-routes.js";
import { shopRoutes } from "./shop/shop-routes.js";
import { streamRoutes } from "./stream-routes.js";

const PAGE = fileURLToPath(new URL("public", import.meta.url));

// The page loads nothing from other origins, and this policy makes the browser enforce it.
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// The page shows three sessions at once. Two have cookies for these paths only; the third has a cookie for all paths.
const PANES = ["/alice", "/bob"];
// The users of the made-up shop have cookies for this path.
const SHOP = "/shop";

/** What a node shares with the other nodes. A single process does not need it. */
export interface SharedByNodes {
  readonly log: EventLog;
  readonly store: Store;
  readonly secret: string;
  /** The node's own name. Each stream receives it as the event `node`. */
  readonly node: string;
}

/**
 * Creates the application of the demo: a page, two streams, routes to sign in, say hello and begin runs, the dashboard
 * for administrators, and a made-up shop.
 *
 * @param controls the things that the page can switch; without them, the shop has no users
 */
export function createDemo(
  shared?: SharedByNodes,
  controls?: Controls,
): { app: Express; hub: Hub } {
  const app = express();
  const hub = createHub({ log: shared?.log });
  app.disable("x-powered-by");
  const sessionAt = sessions(shared);
  for (const path of [...PANES, SHOP]) app.use(path, sessionAt(path));
  app.use(sessionAt("/"));
  app.use(sse({ hub, static: { root: PAGE, setHeaders: holdToPolicy } }));
  app.use(express.json());

  const routes = [
    accountRoutes(),
    streamRoutes(hub, shared?.node, controls),
    helloRoutes(hub),
    runRoutes(hub),
    ...(controls === undefined ? [] : [controlRoutes(controls)]),
  ];
  const admin = dashboard({ hub, allow: { profile: "Administrator" } });
  for (const path of ["", ...PANES]) {
    app.use(`${path}/api`, ...routes);
    app.use(`${path}/sse-admin`, admin);
  }
  app.use(`${SHOP}/api`, shopRoutes(hub));

  app.use((_req, _res, next) => {
    next(createError(404, "There is nothing here."));
  });
  app.use(answerError);
  return { app, hub };
}

/** Returns a function that creates the session middleware of a path. All share one store, which the hub watches. */
function sessions(shared: SharedByNodes | undefined): (path: string) => RequestHandler {
  // Sessions in memory end with the process, so a secret that is new for each process is enough.
  const secret = shared?.secret ?? randomBytes(32).toString("base64url");
  const store = shared?.store ?? new session.MemoryStore();
  return (path) =>
    session({
      secret,
      store,
      name: ["express-sse-hub-demo", ...path.split("/").filter(Boolean)].join("-"),
      cookie: { sameSite: "lax", path },
      resave: false,
      saveUninitialized: false,
    });
}

function holdToPolicy(res: { setHeader: (name: string, value: string) => unknown }): void {
  res.setHeader("Content-Security-Policy", POLICY);
}
