import express, { type Request, type Router } from "express";
import { requireUser } from "express-sse-hub";
import createError from "http-errors";
import { accounts } from "./accounts.js";

/** The routes of a session and of its user's profile. Each answers `{ user }`; `user` is `null` without a user. */
export function accountRoutes(): Router {
  const routes = sessionRoutes(accounts);

  // In this demo, users may change their own profile. In an application, only an administrator may do it.
  routes.post("/profile", requireUser(), (req, res) => {
    const { profile } = (req.body ?? {}) as { profile?: unknown };
    if (profile !== "Administrator" && profile !== "Viewer") {
      throw createError(400, 'A "profile" is "Administrator" or "Viewer".');
    }
    const user = { ...req.sse.user, profile };
    Object.assign(req.session, { user });
    res.json({ user });
  });

  return routes;
}

/** The routes that sign these users in and out, and return the user of the session. */
export function sessionRoutes(users: ReadonlyMap<unknown, object>): Router {
  const routes = express.Router();

  routes.get("/me", (req, res) => {
    res.json({ user: req.sse.user ?? null });
  });

  routes.post("/login", async (req, res) => {
    const { login } = (req.body ?? {}) as { login?: unknown };
    const user = users.get(login);
    if (user === undefined) {
      throw createError(
        400,
        `There is no user with this login. Try ${[...users.keys()].join(" or ")}.`,
      );
    }
    // An attacker may know the session id from before the login, so the user gets a new one.
    await renewSession(req);
    Object.assign(req.session, { user });
    res.json({ user });
  });

  routes.post("/logout", async (req, res) => {
    await renewSession(req);
    res.json({ user: null });
  });

  return routes;
}

/** Destroys the request's session and begins an empty one under a new id. */
function renewSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error?: Error | null) => {
      if (error == null) resolve();
      else reject(error);
    });
  });
}
