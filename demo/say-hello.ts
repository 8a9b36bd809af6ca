import type { Hub, Matcher } from "express-sse-hub";
import { IN_SHOP } from "./shop/shop-users.js";
import { HERE, PAGES } from "./stream-routes.js";

/** A hello and its audience. */
export interface Hello {
  /** @default "message" */
  readonly event?: string;
  readonly to: "all" | "administrators" | Matcher;
  readonly text: string;
}

/** A hello that a key of the console sends. */
export interface ConsoleHello extends Hello {
  readonly to: "all" | "administrators";
}

/** The number of streams in an audience, on all nodes; the streams of the made-up shop are not counted. */
export interface Reach {
  readonly reached: number;
  readonly of: number;
}

/** The result of a hello: its id, and how many streams it reached. */
export interface Sent extends Reach {
  readonly id: string;
}

/**
 * Sends a hello as an event to the streams of the demo. The page and the console both call this function, so the same
 * audience always means the same users.
 *
 * @throws TypeError for a matcher that is not valid
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

/** Counts the streams that a hello to this audience would reach. */
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

/** Returns the matcher of an audience; `undefined` for all. */
export function filterOf(to: Hello["to"]): Matcher | undefined {
  if (to === "all") return undefined;
  return to === "administrators" ? { profile: "Administrator" } : to;
}

// An event does not contain its audience, but the pages of the demo show it. So they receive it in another event. This
// event has no id, because an id would move the cursor of pages that did not receive the hello.
async function tellPages(hub: Hub, sent: Sent & Pick<Hello, "to">): Promise<void> {
  const pages = hub.connections(({ rooms }) => rooms.has(PAGES));
  const isOnOthers = (await hub.count()) > hub.size;
  if (pages.length > 0 || isOnOthers) await hub.to(PAGES).volatile().broadcast("demo:sent", sent);
}
