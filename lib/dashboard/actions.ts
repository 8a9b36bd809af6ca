import type { Matcher } from "../audience/matcher.js";
import { checkRooms } from "../connection/rooms.js";
import { EVERYBODY } from "../publish/broadcaster.js";
import { SseHub } from "../hub/sse-hub.js";
import type { User } from "../user/user.js";
import { Refusal } from "./answer.js";

type Body = Readonly<Record<string, unknown>>;

/**
 * A call of the page: gives what it is answered.
 *
 * @param by the user who calls; `null` for one without a user
 */
export type Action = (body: Body, by: User | null) => Promise<object>;

// As many as somebody looks through; the number of all is told beside it.
const SHOWN_USERS = 20;

/** What the page can ask and do, by the name of the call. */
export function actionsOf(hub: SseHub): Readonly<Record<string, Action>> {
  const { cluster, publishing } = SseHub.coreOf(hub);
  return {
    reach: async (body) => {
      const { connections, users } = await cluster.reach(matcherIn(body), roomsIn(body));
      return { connections, users: users.length, shown: users.slice(0, SHOWN_USERS) };
    },
    send: async (body, by) => {
      const { event, data } = body;
      if (typeof event !== "string") throw new Refusal("Name the event.");
      const [rooms, filter] = [roomsIn(body), matcherIn(body) ?? null];
      const to = { ...EVERYBODY, rooms, filter, sentBy: by };
      return { id: await publishing.publish({ ...to, event, data: dataIn(data) }) };
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
