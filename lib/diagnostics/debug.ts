import { debuglog } from "node:util";

/**
 * Writes a line to stderr if `NODE_DEBUG` contains `sse`, with the placeholders of `util.format`. Pass only ids of
 * connections and positions of the log: no session, no address, nothing about a user.
 */
export const debug = debuglog("sse");
