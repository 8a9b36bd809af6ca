import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

/** The name of one hub among all nodes. */
export interface NodeName {
  /** Random, so that two hubs of one process have different ids. */
  readonly id: string;
  /** The host and the process, for display. */
  readonly name: string;
}

export function createNodeName(): NodeName {
  return { id: randomBytes(6).toString("base64url"), name: `${hostname()}:${process.pid}` };
}
