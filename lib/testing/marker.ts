import { setTimeout as wait } from "node:timers/promises";
import type { Hub } from "../hub/hub.js";

// A reader that is behind passes over what is volatile; by then it may have caught up.
const AGAIN_MS = 100;

/** An event that shows by its coming that everything before it has come. */
export interface Marker {
  /** Its event, and the room it is sent to: nobody else's. */
  readonly name: string;
  readonly connectionId: string;
  /** True for a stream that broadcasts do not reach. */
  readonly isOwn: boolean;
  /** Resolves when it has arrived, and rejects when it is waited for no more. */
  readonly passed: Promise<void>;
}

/**
 * Sends a marker to one stream, behind everything that was published to it. Resolves when it has arrived.
 *
 * It goes the way of all events, so it overtakes none. A volatile one leaves no trace: no cursor is moved
 * by it, and no return is given it.
 */
export async function sendMarker(hub: Hub, marker: Marker): Promise<void> {
  const { name, connectionId, isOwn, passed } = marker;
  passed.catch(() => undefined);
  const [connection] = hub.connections(({ id }) => id === connectionId);
  if (connection === undefined) {
    throw new Error(
      `This hub has no connection ${connectionId}: the stream has ended, or is another node's. ` +
        "Give nothingArrives() the hub that serves the stream.",
    );
  }
  if (isOwn) {
    await Promise.race([passed, connection.stream([""], name)]);
    return passed;
  }
  connection.join(name);
  const broadcaster = hub.to(name).volatile();
  try {
    for (let hasPassed = false; !hasPassed;) {
      await Promise.race([passed, broadcaster.broadcast(name, "")]);
      hasPassed = await Promise.race([passed.then(() => true), again()]);
    }
  } finally {
    connection.leave(name);
  }
}

function again(): Promise<boolean> {
  return wait(AGAIN_MS, false, { ref: false });
}
