import type { Hub, HubOptions } from "express-sse-hub";
import { dashboard, type Allow } from "express-sse-hub/dashboard";
import { Shop, type ShopOptions } from "../support/shop.js";

/** Who may see the dashboard, and who may not. */
export const ALICE = { id: 1, name: "Alice", profile: "Administrator" };
export const BOB = { id: 2, name: "Bob", profile: "Viewer" };

export const ADMINISTRATORS: Allow = { profile: "Administrator" };

/** A shop with a dashboard at `/sse-admin`. */
export function openDashboardShop(
  options: ShopOptions & { allow?: Allow; hub?: HubOptions } = {},
): Promise<Shop> {
  const { allow = ADMINISTRATORS, routes, ...rest } = options;
  return Shop.open({
    ...rest,
    routes: (app, hub: Hub) => {
      routes?.(app, hub);
      app.use("/sse-admin", dashboard({ hub, allow }));
    },
  });
}

/** The token that the stream of the dashboard tells a session. */
export async function tokenFor(shop: Shop, cookie: string): Promise<string> {
  const reader = await shop.stream("/sse-admin/stream", { cookie });
  const { data } = await reader.next();
  reader.close();
  return data;
}
