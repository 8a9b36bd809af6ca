import type { Hub, Matcher } from "express-sse-hub";
import { IN_SHOP } from "./shop/shop-users.js";
import { HERE, PAGES } from "./stream-routes.js";

/** A hello and who it is for. */
export interface Hello {
  /** @default "message" */
  readonly event?: string;
  readonly to: "all" | "administrators" | Matcher;
  readonly text: string;
}

/** A hello that a key of the console says. */
export interface ConsoleHello extends Hello {
  readonly to: "all" | "administrators";
}

/** How many of the demo's streams an audience has, on all nodes; those of the made-up shop are not counted. */
export interface Reach {
  readonly reached: number;
  readonly of: number;
}

/** What became of a hello: its id, and whom it reached. */
export interface Sent extends Reach {
  readonly id: string;
}

/**
 * Sends a hello as an event, to the streams of the demo. The page and the console both come here, so they cannot but reach
 * the same people.
 *
 * @throws TypeError for a matcher that cannot be one
 */
export async function sayHello(hub: Hub, { event = "message", to, text }: Hello): Promise<Sent> {
  const filter = filterOf(to);
  const here = hub.to(HERE);
  const id = await (filter === undefined
    ? here.broadcast(event, text)
    : here.broadcast(event, text, filter));
  const sent = { id, ...(await reachOf(hub, filter)) };
  await tellPages(hub, { ...sent, to });
  return sent;
}

/** Counts what a hello to this audience would reach. */
export async function reachOf(hub: Hub, filter: Matcher | undefined): Promise<Reach> {
  const inShop = filter === undefined ? IN_SHOP : { $and: [filter, IN_SHOP] };
  const [reached, reachedInShop, of, ofShop] = await Promise.all([
    hub.count(filter),
    hub.count(inShop),
    hub.count(),
    hub.count(IN_SHOP),
  ]);
  return { reached: reached - reachedInShop, of: of - ofShop };
}

/** Gives the matcher of an audience; `undefined` for everybody. */
export function filterOf(to: Hello["to"]): Matcher | undefined {
  if (to === "all") return undefined;
  return to === "administrators" ? { profile: "Administrator" } : to;
}

// The audience of an event is not sent along with it. The pages of the demo show it, so they are told: by an event without
// an id, since one with an id would move the cursor of those who did not receive the hello.
async function tellPages(hub: Hub, sent: Sent & Pick<Hello, "to">): Promise<void> {
  const pages = hub.connections(({ rooms }) => rooms.has(PAGES));
  const isOnOthers = (await hub.count()) > hub.size;
  if (pages.length > 0 || isOnOthers) await hub.to(PAGES).volatile().broadcast("demo:sent", sent);
}
