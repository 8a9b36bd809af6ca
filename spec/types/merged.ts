// An application that has told who its users and what its events are. Compiled, never run.
import { connect } from "express-sse-hub/client";
import { createHub, requireUser, sse, type Matcher, type User } from "express-sse-hub";

declare module "express-sse-hub" {
  interface SseUser {
    id: number;
    profile: "Administrator" | "Viewer";
    roles: string[];
    team: { id: number; lead: { name: string } | null };
    badges: { id: number; level: number }[];
    nickname?: string;
  }
  interface SseEvents {
    message: string;
    order: { id: number; total: number };
  }
}

export const hub = createHub();

void hub.broadcast("message", "hello");
void hub.broadcast("order", { id: 1, total: 2 });
// @ts-expect-error -- no such event
void hub.broadcast("ordre", { id: 1, total: 2 });
// @ts-expect-error -- the total is missing
void hub.broadcast("order", { id: 1 });
// @ts-expect-error -- no such event in a room either
void hub.to("desk").broadcast("oder", "x");

const stream = connect("/events", { shared: true });
stream.on("order", (text) => text.toUpperCase());
stream.onJson("order", ({ total }) => total.toFixed(2));
// @ts-expect-error -- no such event
stream.on("oder", () => undefined);
export async function loop(): Promise<number> {
  for await (const { data } of stream.events("order")) return data.total;
  for await (const one of stream) if (one.event === "order") return one.data.total;
  // @ts-expect-error -- no such event
  for await (const { data } of stream.events("oder")) return data;
  return 0;
}
// @ts-expect-error -- no such field
stream.onJson("order", ({ totals }) => totals);

export const right: Matcher[] = [
  { profile: "Administrator" },
  { id: { $in: [1, 2] }, nickname: { $exists: false } },
  { roles: "admin" },
  { roles: { $all: ["a", "b"], $size: 2 } },
  { "team.id": { $gte: 3 } },
  { "team.lead.name": { $ne: "x" } },
  { "badges.level": { $gt: 1 } },
  { $or: [{ id: 1 }, { $nor: [{ profile: "Viewer" }] }] },
  { profile: { $not: { $in: ["Viewer"] } } },
];

// @ts-expect-error -- no such profile
export const wrongValue: Matcher = { profile: "Admin" };
// @ts-expect-error -- no such field
export const wrongField: Matcher = { profil: "Viewer" };
// @ts-expect-error -- no such field below
export const wrongPath: Matcher = { "team.ids": 1 };
// @ts-expect-error -- a number is compared with a number
export const wrongType: Matcher = { id: { $gt: "3" } };
// @ts-expect-error -- a nested object is written as a dotted path
export const nested: Matcher = { team: { id: 3 } };
// @ts-expect-error -- no such operator
export const wrongOperator: Matcher = { id: { $where: 1 } };

void hub.broadcast("message", "x", ({ user }) => user?.profile === "Viewer");
// @ts-expect-error -- no such field
void hub.broadcast("message", "x", ({ user }) => user?.profil === "Viewer");
// @ts-expect-error -- the hub does not wait for a promise
void hub.broadcast("message", "x", () => Promise.resolve(true));

const user: User = {
  id: 1,
  profile: "Viewer",
  roles: [],
  team: { id: 1, lead: null },
  badges: [],
};
sse({ hub, user: () => user });
// @ts-expect-error -- a user without a profile
sse({ hub, user: () => ({ id: 1 }) });
requireUser({ profile: "Administrator" });
// @ts-expect-error -- no such profile
requireUser({ profile: "Root" });
