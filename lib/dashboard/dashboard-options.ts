import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import { refusedOption, isObject, optionReader, type Check } from "../options/option-reader.js";
import type { SessionRequest } from "../express/tag-request.js";
import { SseHub } from "../hub/sse-hub.js";
import type { Hub } from "../hub/hub.js";

/** Tells of a request whether it may see the dashboard: only `true` counts. */
export type AllowFunction = (req: SessionRequest) => boolean | Promise<boolean>;

/** Who may see the dashboard. */
export type Allow = Matcher | AllowFunction;

/** Options of {@link dashboard}. An unknown key is an error. */
export interface DashboardOptions {
  /** The hub that is shown. */
  hub: Hub;
  /**
   * Who may see and use the dashboard: a matcher over the user, or a function that is given the request. It is asked
   * for the page, its stream, and every call. Required.
   */
  allow: Allow;
  /**
   * Shows the address of each connection, as `req.ip` gives it. Addresses are kept of connections that come after
   * this call; they leave a node only if its own dashboard has this option, too. @default false
   */
  addresses?: boolean | undefined;
  /** Shows the data of events. Without it no data is sent to the page. @default false */
  payloads?: boolean | undefined;
}

/** {@link DashboardOptions}, checked. */
export interface DashboardSettings {
  readonly hub: SseHub;
  readonly allow: Allow;
  readonly addresses: boolean;
  readonly payloads: boolean;
}

/** @throws SseHubTypeError `ERR_SSE_OPTION`, and `ERR_SSE_FILTER` for a matcher that cannot be one */
export function resolveDashboardOptions(options: DashboardOptions): DashboardSettings {
  const read = optionReader("dashboard", options, ["hub", "allow", "addresses", "payloads"]);
  const hub = read("hub", HUB, isHub);
  const allow = read("allow", ALLOW, isAllow);
  if (hub === undefined) throw refusedOption("dashboard", "hub", hub, HUB);
  if (allow === undefined) throw refusedOption("dashboard", "allow", allow, ALLOW);
  if (typeof allow !== "function") compileMatcher(allow);
  return {
    hub,
    allow,
    addresses: read("addresses", "true or false", isBoolean, false),
    payloads: read("payloads", "true or false", isBoolean, false),
  };
}

const HUB =
  "the hub that createHub() gave, of the same copy of express-sse-hub: not one by import and one by require";
const ALLOW =
  'who may see the dashboard, as a matcher such as { profile: "Administrator" } or a function of the request';

const isHub: Check<SseHub> = (value): value is SseHub => value instanceof SseHub;

const isAllow: Check<Allow> = (value): value is Allow =>
  typeof value === "function" || isObject(value);

const isBoolean: Check<boolean> = (value): value is boolean => typeof value === "boolean";
