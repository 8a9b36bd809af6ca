import type { IncomingMessage, ServerResponse } from "node:http";
import createError from "http-errors";
import { requireUser } from "../express/require-user.js";
import type { Handler } from "../express/sse.js";
import { requestStreamOf } from "../express/stream-of.js";
import type { SessionRequest } from "../express/tag-request.js";
import { SseHub } from "../hub/sse-hub.js";
import { actionsOf } from "./actions.js";
import { answerJson, answerError } from "./answer.js";
import {
  resolveDashboardOptions,
  type Allow,
  type AllowFunction,
  type DashboardOptions,
  type DashboardSettings,
} from "./dashboard-options.js";
import { checkForgery, tokenOf } from "./forgery.js";
import { LogView } from "./log-view.js";
import { servePage } from "./page.js";
import { People } from "./people.js";
import { readJson } from "./read-json.js";
import { Viewers } from "./viewers.js";

type Route = (req: IncomingMessage, res: ServerResponse) => Promise<void> | void;

/**
 * A page that shows a hub: what a matcher reaches, which users are online, the flow of events, the log, and runs. Mount
 * it behind `session()` and `sse()`, at any path:
 *
 * ```ts
 * app.use("/sse-admin", dashboard({ hub, allow: { profile: "Administrator" } }));
 * ```
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`, also without `allow`; `ERR_SSE_FILTER`
 */
export function dashboard(options: DashboardOptions): Handler {
  const settings = resolveDashboardOptions(options);
  const guard = guardOf(settings.allow);
  const routes = routesOf(settings);
  return (req, res, next) => {
    const serve = (error?: unknown) => {
      const route = routes.get(routeOf(req));
      if (error !== undefined || route === undefined) next(error);
      else void run(route, req, res).catch(next);
    };
    guard(req, res, serve);
  };
}

function routesOf({ hub, addresses, payloads }: DashboardSettings): ReadonlyMap<string, Route> {
  const core = SseHub.coreOf(hub);
  if (addresses) core.addresses.keep();
  const viewers = new Viewers(core.cluster);
  const people = new People(core.cluster, { addresses });
  const log = new LogView(core, people, { payloads });
  const routes = new Map<string, Route>([
    ["GET /", servePage],
    ["GET /stream", (req, res) => openStream(req, res, viewers)],
    ["GET /users", (req, res) => answer(res, people.page(queryOf(req)))],
    ["GET /user", (req, res) => answer(res, log.user(queryOf(req)))],
    ["GET /log", (req, res) => answer(res, log.recent(queryOf(req)))],
    ["GET /runs", (_req, res) => answer(res, hub.runs())],
  ]);
  for (const [name, action] of Object.entries(actionsOf(hub))) {
    routes.set(`POST /${name}`, async (req, res) => {
      await checkForgery(req);
      const by = (await requestStreamOf(req, "dashboard()").identify()) ?? null;
      await answer(res, action(await readJson(req), by));
    });
  }
  return routes;
}

function guardOf(allow: Allow): Handler {
  if (typeof allow !== "function") return requireUser(allow);
  return (req, _res, next) => {
    ask(allow, req).then((isAllowed) => {
      next(isAllowed ? undefined : createError(403, "This user may not see the dashboard."));
    }, next);
  };
}

async function ask(allow: AllowFunction, req: IncomingMessage): Promise<boolean> {
  requestStreamOf(req, "dashboard()");
  // A function in JavaScript may give anything: a user, or a promise of one, is no permission.
  const allowed: unknown = await allow(req as SessionRequest);
  return allowed === true;
}

async function run(route: Route, req: IncomingMessage, res: ServerResponse): Promise<void> {
  await route(req, res);
}

async function openStream(
  req: IncomingMessage,
  res: ServerResponse,
  viewers: Viewers,
): Promise<void> {
  const token = await tokenOf(req);
  if (res.headersSent || res.destroyed) return;
  viewers.add(requestStreamOf(req, "dashboard()").open(), token);
}

async function answer(res: ServerResponse, value: Promise<object>): Promise<void> {
  try {
    answerJson(res, await value);
  } catch (error) {
    answerError(res, error);
  }
}

function routeOf({ method = "", url = "" }: IncomingMessage): string {
  const path = url.split("?", 1)[0] ?? "";
  return `${method === "HEAD" ? "GET" : method} ${path === "" ? "/" : path}`;
}

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : "");
}
