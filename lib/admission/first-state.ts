import type { StreamConnection } from "../connection/stream-connection.js";
import { SseHubError, describe } from "../errors/sse-hub-error.js";
import type { First } from "./admission-request.js";

/**
 * Sends the state that a stream begins with. If the callback fails, the stream ends and the browser reconnects.
 *
 * @param mayReceive asked just before the state is sent, because the callback may take long
 */
export async function sendFirst(
  connection: StreamConnection,
  first: First,
  mayReceive: () => boolean,
): Promise<void> {
  try {
    const state: unknown = await first();
    if (!Array.isArray(state))
      throw new TypeError(`first returned ${describe(state)}. Expected [event, data].`);
    if (connection.isHeld) await connection.whenReleased();
    if (!connection.hasEnded && mayReceive()) connection.writeEvent(state[0], state[1]);
  } catch (cause) {
    connection.report(new SseHubError("ERR_SSE_SOURCE", FIRST_FAILED, { cause }));
    connection.finish("error");
  }
}

const FIRST_FAILED =
  "The first callback of req.sse.join() failed, so the stream was closed. The browser reconnects and " +
  "first is called again; the cause says what to repair.";
