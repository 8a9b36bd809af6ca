import { setTimeout as wait } from "node:timers/promises";
import type { Hub } from "../hub/hub.js";

// Replay skips volatile events, so the marker is sent again: by then the reader may have caught up.
const AGAIN_MS = 100;

/** An event whose arrival shows that all events before it have arrived. */
export interface Marker {
  /** The name of the event, and of the room to which it is sent, which only this stream joins. */
  readonly name: string;
  readonly connectionId: string;
  /** True for a stream of `req.sse.open()`, which broadcasts do not reach. */
  readonly isOwn: boolean;
  /** Resolves when the marker has arrived; rejects when the wait is over. */
  readonly passed: Promise<void>;
}

/**
 * Sends a marker to one stream, after everything that was published to it. Resolves when the marker has arrived.
 *
 * The marker takes the same way as all events, so it overtakes none. It is volatile: it moves no cursor, and is not
 * replayed.
 */
export async function sendMarker(hub: Hub, marker: Marker): Promise<void> {
  const { name, connectionId, isOwn, passed } = marker;
  passed.catch(() => undefined);
  const [connection] = hub.connections(({ id }) => id === connectionId);
  if (connection === undefined) {
    throw new Error(
      `This hub has no connection ${connectionId}: the stream has ended, or another node serves it. ` +
        "Pass nothingArrives() the hub that serves the stream.",
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
