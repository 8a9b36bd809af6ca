/** The numbers of one node at one moment. Counts start when its hub is made and only rise. */
export interface NodeSample {
  /** Random and unique to the hub. */
  readonly id: string;
  /** The host and the process, for display. */
  readonly name: string;
  /** When the sample was taken, on the node's own clock, in milliseconds since 1970. */
  readonly at: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections open now that are not at the head of the log. */
  readonly behind: number;
  readonly published: number;
  readonly delivered: number;
  readonly replayed: number;
  /** What the log holds on the node now. */
  readonly logEntries: number;
  readonly logBytes: number;
  /** Runs that the node produces now. */
  readonly running: number;
  /** Milliseconds that the node may be behind the newest entry of the log. */
  readonly lagMs: number;
  /** Number of measured passes, and their duration together. */
  readonly passes: number;
  readonly passMs: number;
  /** Number of delivered entries whose delay is known, and these delays together, each from its broadcast on. */
  readonly written: number;
  readonly writeMs: number;
  readonly returns: Readonly<Record<string, number>>;
  readonly sessionsEnded: Readonly<Record<string, number>>;
  readonly status: "ok" | "degraded";
  readonly problem: string | null;
}

/** The samples in the answers of all nodes. A process that only publishes, or another version, has sent none. */
export function samplesIn(answers: readonly unknown[]): NodeSample[] {
  return answers.filter(isSample);
}

const NUMBERS = [
  "at",
  "connections",
  "behind",
  "published",
  "delivered",
  "replayed",
  "logEntries",
  "logBytes",
  "running",
  "lagMs",
  "passes",
  "passMs",
  "written",
  "writeMs",
] as const satisfies ReadonlyArray<keyof NodeSample>;

function isSample(value: unknown): value is NodeSample {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, returns, sessionsEnded, ...rest } = value as Partial<NodeSample>;
  return (
    typeof id === "string" &&
    typeof name === "string" &&
    NUMBERS.every((key) => typeof rest[key] === "number") &&
    [returns, sessionsEnded].every((counts) => typeof counts === "object" && counts !== null)
  );
}
