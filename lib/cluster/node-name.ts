import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

/** One hub among those of all nodes. */
export interface NodeName {
  /** Random: two hubs of one process are two. */
  readonly id: string;
  /** For people: the host and the process. */
  readonly name: string;
}

export function createNodeName(): NodeName {
  return { id: randomBytes(6).toString("base64url"), name: `${hostname()}:${process.pid}` };
}
