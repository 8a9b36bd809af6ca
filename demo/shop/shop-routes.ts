import { randomInt } from "node:crypto";
import express, { type Router } from "express";
import { requireUser, type Hub } from "express-sse-hub";
import createError from "http-errors";
import { sessionRoutes } from "../account-routes.js";
import { shopUsers } from "./shop-users.js";

const GOODS = ["tea", "coffee", "rice", "bread", "jam", "honey"];

/** Gives the routes of the made-up shop: customers order, staff sends, and each stream is told what concerns its user. */
export function shopRoutes(hub: Hub): Router {
  const routes = express.Router();
  routes.use(sessionRoutes(shopUsers));

  routes.get("/sse", requireUser(), (req) => void req.sse.join());

  routes.post("/orders", requireUser({ profile: "Customer" }), async (req, res) => {
    const login = String(req.sse.user?.login);
    const item = GOODS[randomInt(GOODS.length)];
    const order = { id: randomInt(1_000, 10_000), login, item, total: randomInt(2, 40) };
    // For who ordered, on all devices, and for those who pack.
    await hub.broadcast("order", order, { $or: [{ login }, { profile: "Staff" }] });
    res.status(201).json(order);
  });

  routes.post("/sent", requireUser({ profile: "Staff" }), async (req, res) => {
    const { id, login } = (req.body ?? {}) as { id?: unknown; login?: unknown };
    if (typeof id !== "number" || typeof login !== "string" || !shopUsers.has(login)) {
      throw createError(400, 'Say which order: "id" is its number, "login" that of its customer.');
    }
    await hub.broadcast("sent", { id }, { login });
    res.status(202).json({});
  });

  return routes;
}
