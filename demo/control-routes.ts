import express, { type Router } from "express";
import { requireUser } from "express-sse-hub";
import createError from "http-errors";
import type { Controls } from "./controls.js";

/**
 * The routes with which administrators open and close the made-up shop and, if there are several nodes, kill one.
 */
export function controlRoutes(controls: Controls): Router {
  const routes = express.Router();
  const administrators = requireUser({ profile: "Administrator" });

  routes.post("/shop", administrators, (req, res) => {
    const { isOpen } = (req.body ?? {}) as { isOpen?: unknown };
    if (typeof isOpen !== "boolean") {
      throw createError(400, 'Expected "isOpen" to be true or false.');
    }
    controls.ask({ kind: "shop", isOpen });
    res.status(202).json({});
  });

  if (controls.state.nodes === undefined) return routes;
  routes.post("/kill", administrators, (req, res) => {
    const { node } = (req.body ?? {}) as { node?: unknown };
    const { nodes = [] } = controls.state;
    if (typeof node !== "string" || !nodes.some(({ name, isUp }) => isUp && name === node)) {
      const names = nodes.filter(({ isUp }) => isUp).map(({ name }) => JSON.stringify(name));
      throw createError(400, `Expected "node" to be a node that is up: ${names.join(", ")}.`);
    }
    // After the answer, because the node may be this one.
    res.once("finish", () => {
      controls.ask({ kind: "kill", node });
    });
    res.status(202).json({});
  });

  return routes;
}
