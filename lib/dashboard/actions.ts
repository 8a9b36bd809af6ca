import type { Matcher } from "../audience/matcher.js";
import { checkRooms } from "../connection/rooms.js";
import type { Broadcaster } from "../publish/broadcaster.js";
import { SseHub } from "../hub/sse-hub.js";
import { Refusal } from "./answer.js";

type Body = Readonly<Record<string, unknown>>;

/** A call of the page: gives what it is answered. */
export type Action = (body: Body) => Promise<object>;

// As many as somebody looks through; the number of all is told beside it.
const SHOWN_USERS = 20;

/** What the page can ask and do, by the name of the call. */
export function actionsOf(hub: SseHub): Readonly<Record<string, Action>> {
  const { cluster } = SseHub.coreOf(hub);
  return {
    reach: async (body) => {
      const { connections, users } = await cluster.reach(matcherIn(body), roomsIn(body));
      return { connections, users: users.length, shown: users.slice(0, SHOWN_USERS) };
    },
    send: async (body) => {
      const { event, data } = body;
      if (typeof event !== "string") throw new Refusal("Name the event.");
      const [rooms, matcher] = [roomsIn(body), matcherIn(body)];
      const [first, ...others] = rooms ?? [];
      const to: Broadcaster = first === undefined ? hub : hub.to(first, ...others);
      const value = dataIn(data);
      return { id: await broadcast(to, event, value, matcher) };
    },
    refresh: async (body) => {
      await hub.refresh(requiredMatcher(body));
      return {};
    },
    disconnect: async (body) => {
      await hub.disconnect(requiredMatcher(body));
      return {};
    },
    cancel: async ({ id }) => ({ isCancelled: await hub.cancel(String(id)) }),
  };
}

function broadcast(
  to: Broadcaster,
  event: string,
  data: unknown,
  matcher: Matcher | undefined,
): Promise<string> {
  const [name, value] = [event as never, data as never];
  return matcher === undefined ? to.broadcast(name, value) : to.broadcast(name, value, matcher);
}

// As it was typed, so that its faults are told here, and only here.
function matcherIn({ matcher }: Body): Matcher | undefined {
  if (typeof matcher !== "string" || matcher.trim() === "") return undefined;
  try {
    return JSON.parse(matcher) as Matcher;
  } catch (error) {
    throw new Refusal(`The matcher is no JSON: ${(error as Error).message}.`);
  }
}

function requiredMatcher(body: Body): Matcher {
  const matcher = matcherIn(body);
  // They are about users, wherever their connections are.
  if (matcher !== undefined && roomsIn(body) === null) return matcher;
  throw new Refusal("This needs a matcher, and no rooms.");
}

function roomsIn({ rooms }: Body): readonly string[] | null {
  if (!Array.isArray(rooms) || rooms.length === 0) return null;
  checkRooms(rooms);
  return rooms as readonly string[];
}

// JSON where it is some, text otherwise.
function dataIn(data: unknown): unknown {
  const text = typeof data === "string" ? data : "";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
