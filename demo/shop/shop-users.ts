import type { Matcher } from "express-sse-hub";

/** Somebody of the made-up shop. It goes into the session, and so becomes the stream's user. */
export interface ShopUser {
  readonly login: string;
  readonly profile: "Customer" | "Staff";
}

/** Everybody of the made-up shop, by login. */
export const shopUsers: ReadonlyMap<unknown, ShopUser> = new Map([
  ["carol", { login: "carol", profile: "Customer" }],
  ["dave", { login: "dave", profile: "Customer" }],
  ["erin", { login: "erin", profile: "Staff" }],
]);

/** Matches the users of the made-up shop, and nobody else. */
export const IN_SHOP: Matcher = { profile: { $in: ["Customer", "Staff"] } };
