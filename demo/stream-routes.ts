import { randomUUID } from "node:crypto";
import express, { type Request, type Router } from "express";
import { requireUser, type Hub } from "express-sse-hub";
import type { Controls, ControlState } from "./controls.js";

/** The room of all streams that a hello is for: those of the page, and those of a `curl`. */
export const HERE = "demo:here";

/** The room of the streams that are told what the page shows beside the events. */
export const PAGES = "demo:pages";

/** The room of the streams that count along where there are several nodes: with `?counts`. */
export const COUNTS = "demo:counts";

/**
 * Gives the two streams: one for everybody, one for users.
 *
 * @param node the name of this node, where there are several: each stream is told it, as the event `node`
 * @param controls what runs beside the application: the page is told its state, as the event `demo:state`
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

  // On this node alone: the other nodes tell theirs.
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
 * A stream of the demo's page. It also receives `demo:sent`, with the audience of each hello, and `demo:live` once
 * everything that it missed has been replayed: an event that goes through the log comes after those before it.
 */
function joinWithMarks(hub: Hub, req: Request) {
  const own = randomUUID();
  const connection = req.sse.join(HERE, PAGES, own);
  void connection.opened.then(() => hub.to(own).broadcast("demo:live", "")).catch(() => undefined);
  return connection;
}

// As it is when the stream opens, not when it was asked for.
function* stateOf(controls: Controls): Generator<ControlState> {
  yield controls.state;
}
