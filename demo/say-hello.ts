import type { Hub, Matcher } from "express-sse-hub";
import { PAGES } from "./stream-routes.js";

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

/** What became of a hello: its id, and how many of the open connections its audience had. */
export interface Sent {
  readonly id: string;
  readonly reached: number;
  readonly of: number;
}

/**
 * Sends a hello as an event. The page and the console both come here, so they cannot but reach the same people.
 *
 * @throws TypeError for a matcher that cannot be one
 */
export async function sayHello(hub: Hub, { event = "message", to, text }: Hello): Promise<Sent> {
  const filter = filterOf(to);
  const id = await (filter === undefined
    ? hub.broadcast(event, text)
    : hub.broadcast(event, text, filter));
  const sent = { id, reached: await hub.count(filter), of: await hub.count() };
  await tellPages(hub, { ...sent, to });
  return sent;
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
  if (pages.length > 0) await hub.to(PAGES).volatile().broadcast("demo:sent", sent);
}
