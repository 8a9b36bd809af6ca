/**
 * True for the answer of a server that does not hold the log: a replica, or a node of a cluster that the slot has left
 * or that has lost the others. The next connection leads elsewhere.
 */
export function leadsElsewhere(error: unknown): boolean {
  return /READONLY|MOVED|CLUSTERDOWN/.test(String(error));
}

/** True for the answer of a server that will do it soon. */
export function isPassing(error: unknown): boolean {
  return /LOADING|BUSY|TRYAGAIN|MASTERDOWN|ASK /.test(String(error));
}
