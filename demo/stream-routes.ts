import { randomUUID } from "node:crypto";
import express, { type Request, type Router } from "express";
import { requireUser, type Hub } from "express-sse-hub";
import type { Controls, ControlState } from "./controls.js";

/** The room of all streams that may receive a hello: those of the page, and those of a `curl`. */
export const HERE = "demo:here";

/** The room of the pages' streams. They also receive the events that only the page needs. */
export const PAGES = "demo:pages";

/** The room of the streams with `?counts`. If there are several nodes, they receive the event `count`. */
export const COUNTS = "demo:counts";

/**
 * The routes of the two streams: one for all visitors, one for users only.
 *
 * @param node the name of this node, if there are several: each stream receives it as the event `node`
 * @param controls the shop and the nodes: the page receives their state as the event `demo:state`
 */
export function streamRoutes(
  hub: Hub,
  node: string | undefined,
  controls: Controls | undefined,
): Router {
  const routes = express.Router();
  const join = (req: Request) => {
    const isPage = req.query.marks !== undefined;
    const connection = isPage ? joinWithMarks(hub, req) : req.sse.join(HERE);
    if (isPage && controls !== undefined) {
      controls.ask({ kind: "page" });
      void connection.stream(stateOf(controls), "demo:state");
    }
    if (req.query.counts !== undefined) connection.join(COUNTS);
    if (node !== undefined) void connection.stream([node], "node");
  };

  // Only to the pages of this node: each node sends the state to its own pages.
  controls?.onChange(() => {
    for (const connection of hub.connections(({ rooms }) => rooms.has(PAGES))) {
      connection.send("demo:state", controls.state);
    }
  });

  routes.get("/test/sse", join);
  routes.get("/private/sse", requireUser(), join);
  return routes;
}

/**
 * Opens a stream of the demo's page. It also receives `demo:sent`, with the audience of each hello, and `demo:live` when
 * all missed events have been replayed: `demo:live` goes through the log too, so it comes after the events before it.
 */
function joinWithMarks(hub: Hub, req: Request) {
  const own = randomUUID();
  const connection = req.sse.join(HERE, PAGES, own);
  void connection.opened.then(() => hub.to(own).broadcast("demo:live", "")).catch(() => undefined);
  return connection;
}

// A generator, so that the state is read when the stream opens, not when it is requested.
function* stateOf(controls: Controls): Generator<ControlState> {
  yield controls.state;
}
