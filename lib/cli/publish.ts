import type { Broadcaster } from "../publish/broadcaster.js";
import type { PublishCommand } from "./command.js";
import { openPublisher } from "./log-place.js";

/** Broadcasts an event through the log. Resolves with its id. */
export async function publish(command: PublishCommand): Promise<string> {
  const { place, event, data, filter } = command;
  const shop = openPublisher(place);
  // Ignored, because a failure also rejects the broadcast.
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
