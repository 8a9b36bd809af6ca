import { randomUUID } from "node:crypto";
import express, { type Request, type Router } from "express";
import { requireUser, type Hub } from "express-sse-hub";

/** The room of the streams that are told what the page shows beside the events. */
export const PAGES = "demo:pages";

/** The room of the streams that count along where there are several nodes: with `?counts`. */
export const COUNTS = "demo:counts";

/**
 * Gives the two streams: one for everybody, one for users.
 *
 * @param node the name of this node, where there are several: each stream is told it, as the event `node`
 */
export function streamRoutes(hub: Hub, node: string | undefined): Router {
  const routes = express.Router();
  const join = (req: Request) => {
    const connection = req.query.marks === undefined ? req.sse.join() : joinWithMarks(hub, req);
    if (req.query.counts !== undefined) connection.join(COUNTS);
    if (node !== undefined) void connection.stream([node], "node");
  };

  routes.get("/test/sse", join);
  routes.get("/private/sse", requireUser(), join);
  return routes;
}

/**
 * A stream of the demo's page. It also receives `demo:sent`, with the audience of each hello, and `demo:live` once
 * everything that it missed has been replayed: an event that goes through the log comes after those before it.
 */
function joinWithMarks(hub: Hub, req: Request) {
  const own = randomUUID();
  const connection = req.sse.join(PAGES, own);
  void connection.opened.then(() => hub.to(own).broadcast("demo:live", "")).catch(() => undefined);
  return connection;
}
