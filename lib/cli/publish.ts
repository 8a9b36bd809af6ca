import type { Broadcaster } from "../publish/broadcaster.js";
import { publisher } from "../redis/publisher.js";
import type { LogPlace, PublishCommand } from "./command.js";

// How much the log keeps is for its nodes to say: this process lets nothing go.
const BOUNDS = {
  maxEvents: Number.MAX_SAFE_INTEGER,
  maxBytes: Number.MAX_SAFE_INTEGER,
  maxAgeMs: null,
};

/** Broadcasts an event through the log. Gives its id. */
export async function publish(command: PublishCommand): Promise<string> {
  const { event, data, filter } = command;
  const shop = publisher({ ...BOUNDS, ...placeOf(command) });
  // What fails rejects the broadcast as well.
  shop.on("error", () => undefined);
  try {
    const to = audienceOf(shop, command);
    return await (filter === null ? to.broadcast(event, data) : to.broadcast(event, data, filter));
  } finally {
    await shop.close();
  }
}

function audienceOf(all: Broadcaster, command: PublishCommand): Broadcaster {
  const { rooms, retainKey, isVolatile } = command;
  const [first, ...more] = rooms;
  const inRooms = first === undefined ? all : all.to(first, ...more);
  const kept = retainKey === null ? inRooms : inRooms.retain(retainKey);
  return isVolatile ? kept.volatile() : kept;
}

function placeOf({ url, name }: LogPlace): LogPlace {
  return name === undefined ? { url } : { url, name };
}
