import { randomUUID } from "node:crypto";
import express, { type Request, type Response, type Router } from "express";
import { requireUser, type Hub, type RunSource } from "express-sse-hub";
import { askModel, importOrders } from "./made-up-work.js";

/** The routes of two runs, the answer of a model and an import. They go on after the requests that begin them. */
export function runRoutes(hub: Hub): Router {
  const routes = express.Router();
  const begin = (req: Request, res: Response, source: RunSource, event?: string) => {
    const id = randomUUID();
    // Only this user may follow it or stop it. For all others there is no such run.
    hub.run(id, source, { event, for: { login: String(req.sse.user?.login) } });
    res.location(`${req.baseUrl}/runs/${id}`);
    void req.sse.follow(id);
  };

  routes.post("/answers", requireUser(), (req, res) => {
    begin(req, res, ({ signal }) => askModel(signal), "token");
  });

  routes.post("/imports", requireUser(), (req, res) => {
    begin(req, res, ({ signal, send }) => importOrders(signal, send));
  });

  routes.get("/runs/:id", requireUser(), (req) => void req.sse.follow(req.params.id));

  routes.delete("/runs/:id", requireUser(), async (req, res) => {
    await hub.cancel(req.params.id, { by: req.sse.user });
    res.sendStatus(204);
  });

  return routes;
}
