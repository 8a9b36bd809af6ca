import express, { type Router } from "express";
import { requireUser, type Hub } from "express-sse-hub";
import createError from "http-errors";
import { readAudience, readHello } from "./read-hello.js";
import { filterOf, sayHello } from "./say-hello.js";

/** Gives the routes of administrators: one says hello, the other says whom a hello would reach. */
export function helloRoutes(hub: Hub): Router {
  const routes = express.Router();
  const administrators = requireUser({ profile: "Administrator" });

  routes.post("/hello", administrators, async (req, res) => {
    res.status(202).json(await refuseMisuse(() => sayHello(hub, readHello(req.body))));
  });

  routes.post("/audience", administrators, async (req, res) => {
    const filter = filterOf(readAudience(req.body));
    const users = await refuseMisuse(() => hub.users(filter));
    const [reached, of] = await Promise.all([hub.count(filter), hub.count()]);
    res.json({ reached, of, users: users.map(({ user }) => user) });
  });

  return routes;
}

/** The hub throws a TypeError that says what is wrong with a matcher. Here the matcher is the visitor's. */
async function refuseMisuse<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof TypeError ? createError(400, error.message) : error;
  }
}
