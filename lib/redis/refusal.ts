/**
 * True for the answer of a server that does not hold the log: a replica, or a node of a cluster that the slot has left
 * or that has lost the other nodes. A new connection then leads to another server.
 */
export function leadsElsewhere(error: unknown): boolean {
  return /READONLY|MOVED|CLUSTERDOWN/.test(String(error));
}

/** True for the answer of a server that cannot run the command now, but soon. */
export function isPassing(error: unknown): boolean {
  return /LOADING|BUSY|TRYAGAIN|MASTERDOWN|ASK /.test(String(error));
}
