import type { Hub, HubOptions } from "express-sse-hub";
import { dashboard, type Allow, type DashboardOptions } from "express-sse-hub/dashboard";
import supertest from "supertest";
import type { NodeSample } from "../../lib/cluster/node-sample.js";
import type { StreamReader } from "../support/open-stream.js";
import { Shop, type ShopOptions } from "../support/shop.js";

/** Who may see the dashboard, and who may not. */
export const ALICE = { id: 1, name: "Alice", profile: "Administrator" };
export const BOB = { id: 2, name: "Bob", profile: "Viewer" };

export const ADMINISTRATORS: Allow = { profile: "Administrator" };

/** A shop with a dashboard at `/sse-admin`. */
export function openDashboardShop(
  options: ShopOptions & {
    allow?: Allow;
    hub?: HubOptions;
    shows?: Pick<DashboardOptions, "addresses" | "payloads">;
  } = {},
): Promise<Shop> {
  const { allow = ADMINISTRATORS, routes, shows, ...rest } = options;
  return Shop.open({
    ...rest,
    routes: (app, hub: Hub) => {
      routes?.(app, hub);
      app.use("/sse-admin", dashboard({ hub, allow, ...shows }));
    },
  });
}

/** The token that the stream of the dashboard tells a session. */
export async function tokenFor(shop: Shop, cookie: string): Promise<string> {
  const reader = await shop.stream("/sse-admin/stream", { cookie });
  const { event, data } = await reader.next();
  expect(event).toBe("welcome");
  reader.close();
  return (JSON.parse(data) as { token: string }).token;
}

/** What the dashboard answers a page that asks for something. */
export async function ask<T>(shop: Shop, cookie: string, path: string): Promise<T> {
  const { body } = await supertest(shop.url)
    .get(`/sse-admin/${path}`)
    .set("Cookie", cookie)
    .expect(200);
  return body as T;
}

/** The numbers of all nodes. */
export interface Flow {
  /** The id of the node that tells. */
  readonly self: string;
  readonly nodes: readonly NodeSample[];
}

/** The next numbers that a page is told, of which this holds. */
export async function flowThat(
  stream: StreamReader,
  isMeant: (flow: Flow) => boolean,
): Promise<Flow> {
  for (let n = 0; n < 40; n += 1) {
    const { event, data } = await stream.next();
    const flow = event === "flow" ? (JSON.parse(data) as Flow) : null;
    if (flow !== null && isMeant(flow)) return flow;
  }
  throw new Error("The numbers never were as expected.");
}
