import type { Hub } from "express-sse-hub";

/** A hello and who it is for. */
export interface Hello {
  readonly to: "all" | "administrators";
  readonly text: string;
}

/**
 * Sends a hello as the event `message`. The page and the console both come here, so they cannot but
 * reach the same people. Resolves with the event's id.
 */
export function sayHello(hub: Hub, { to, text }: Hello): Promise<string> {
  if (to === "all") return hub.broadcast("message", text);
  return hub.broadcast("message", text, { profile: "Administrator" });
}
