/** What a server tells about itself; empty or `null` if it does not. */
export interface ServerInfo {
  /** Identifies the process; it changes with each start. */
  readonly runId: string;
  readonly version: string;
  /** Which keys the server deletes by itself when its memory is full; `null` if its memory has no limit. */
  readonly evictionPolicy: string | null;
}

// The first version with XTRIM MINID.
const OLDEST = [6, 2] as const;

/** Reads the answer of INFO. */
export function readServerInfo(text: string): ServerInfo {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1] ?? "";
  const hasLimit = Number(field("maxmemory")) > 0;
  return {
    runId: field("run_id"),
    version: field("redis_version"),
    evictionPolicy: hasLimit ? field("maxmemory_policy") : null,
  };
}

/** True for a version of Redis that lacks what the log needs. */
export function isTooOld({ version }: ServerInfo): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** True if the server may delete keys of the log: with either policy, since the stream has an expiry. */
export function mayEvict({ evictionPolicy }: ServerInfo): boolean {
  return /^(allkeys|volatile)-/.test(evictionPolicy ?? "");
}
