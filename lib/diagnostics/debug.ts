import { debuglog } from "node:util";

/**
 * Writes a line to stderr where `NODE_DEBUG` names `sse`, with the placeholders of `util.format`; nothing
 * is done otherwise. Only ids of connections and positions in the log may go in: no session, no address,
 * nothing of a user.
 */
export const debug = debuglog("sse");
