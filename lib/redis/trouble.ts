import { createTroubleOf, type KnownTrouble, type Trouble } from "../shared-log/trouble.js";

// The first that matches counts.
const KNOWN: readonly KnownTrouble[] = [
  {
    kind: "password",
    pattern: /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)|unauthenticated/,
    what: "refuses the user or the password",
    remedy: "Check both in url, or in the options of client.",
  },
  {
    kind: "rights",
    pattern: /NOPERM|no permissions|can't run this command/i,
    what: "denies the log a command or a key",
    remedy: "Grant the user the keys and commands that lib/redis/README.md lists.",
  },
  {
    kind: "slot",
    pattern: /^SLOT |^ASK |TRYAGAIN|CLUSTERDOWN/,
    what: "cannot serve the slot of the log at this moment",
    remedy: "The log follows its slot by itself; if this lasts, look at CLUSTER INFO.",
  },
  {
    kind: "moved",
    pattern: /MOVED|CROSSSLOT/,
    what: "is a node of a cluster that does not hold the keys of the log",
    remedy:
      "Give redisLog() a client of the cluster: createCluster() of redis, or Cluster of ioredis.",
  },
  {
    kind: "replica",
    pattern: /READONLY|MASTERDOWN|takes nothing: a replica/,
    what: "is a replica, which takes no writes",
    remedy: "Name the master, or give redisLog() a Sentinel or Cluster client, which follows it.",
  },
  {
    kind: "version",
    pattern: /^VERSION /,
    what: "is too old",
    remedy: "The log needs Redis 6.2 or later.",
  },
  {
    kind: "memory",
    pattern: /OOM/,
    what: "is out of memory and takes no writes",
    remedy: "Raise maxmemory, or lower maxEvents and maxBytes of redisLog().",
  },
  {
    kind: "disk",
    pattern: /MISCONF|NOREPLICAS/,
    what: "takes no writes",
    remedy: "Look at the server's own log: it cannot save to its disk, or lacks replicas.",
  },
  {
    kind: "loading",
    pattern: /LOADING|BUSY/,
    what: "is busy",
    remedy: "It is loading its data or runs a long script; the log waits for it.",
  },
  {
    kind: "form",
    pattern: /^FORM /,
    what: "answered in a form that the log does not know",
    remedy: "Check that a Redis, and no other server or proxy, listens there.",
  },
  {
    kind: "silent",
    pattern:
      /has not answered|has not accepted the connection|has not given a connection|timed? ?out/i,
    what: "does not answer",
    remedy: "Check that the server is alive and that nothing between drops the connection.",
  },
  {
    kind: "unconnected",
    pattern: /^The client is closed|not connected/,
    what: "cannot be used, because the client given to redisLog() is not connected",
    remedy: "Call connect() of the client.",
  },
  {
    kind: "refused",
    pattern: /^[A-Z]{3,} /,
    what: "refuses a command of the log",
    remedy: "Check that nothing else writes to the keys of the log.",
  },
];

/** Says what an error of Redis means and what the operator can do. */
export const troubleOf = createTroubleOf("Redis", KNOWN);

/** The warning for a Redis that may delete the log by itself. */
export function evictionTrouble(server: string, policy: string): Trouble {
  return {
    kind: "eviction",
    text:
      `Redis at ${server} may delete the log when its memory is full (maxmemory-policy ${policy}). ` +
      "Set maxmemory-policy to noeviction, or use a Redis of its own for the log.",
  };
}
