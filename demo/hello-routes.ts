import express, { type Router } from "express";
import { requireUser, type Hub, type Matcher, type SseHubError } from "express-sse-hub";
import createError from "http-errors";
import { readAudience, readHello } from "./read-hello.js";
import { shopUsers } from "./shop/shop-users.js";
import { filterOf, reachOf, sayHello } from "./say-hello.js";

/** The routes of administrators: one says hello, the other returns the users that a hello would reach. */
export function helloRoutes(hub: Hub): Router {
  const routes = express.Router();
  const administrators = requireUser({ profile: "Administrator" });

  routes.post("/hello", administrators, async (req, res) => {
    res.status(202).json(await refuseMisuse(() => sayHello(hub, readHello(req.body))));
  });

  routes.post("/audience", administrators, async (req, res) => {
    const filter = filterOf(readAudience(req.body));
    res.json(await refuseMisuse(() => describeAudience(hub, filter)));
  });

  return routes;
}

async function describeAudience(hub: Hub, filter: Matcher | undefined) {
  const present = await hub.users(filter);
  const users = present.map(({ user }) => user).filter(({ login }) => !shopUsers.has(login));
  return { ...(await reachOf(hub, filter)), users };
}

/**
 * Turns the hub's TypeError about a wrong matcher into 400, because the matcher comes from the request, and the error of
 * a closed hub into 503, because the server is stopping.
 */
async function refuseMisuse<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TypeError) throw createError(400, error.message);
    if ((error as SseHubError).code === "ERR_SSE_CLOSED") {
      throw createError(503, "The server is stopping.", { expose: true });
    }
    throw error;
  }
}
