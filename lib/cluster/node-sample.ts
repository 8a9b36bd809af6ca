/** The numbers of one node at one moment. Counts begin with its hub and only rise. */
export interface NodeSample {
  /** Random: no other hub has it. */
  readonly id: string;
  /** For people: the host and the process. */
  readonly name: string;
  /** On the node's own clock, milliseconds since 1970. */
  readonly at: number;
  /** Open now. */
  readonly connections: number;
  /** Open now and not at the head of the log. */
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
  /** Passes since somebody watches them, and how long they took together. */
  readonly passes: number;
  readonly passMs: number;
  /** Entries written by them, and how long these took from their publishing on, together. */
  readonly written: number;
  readonly writeMs: number;
  readonly returns: Readonly<Record<string, number>>;
  readonly sessionsEnded: Readonly<Record<string, number>>;
  readonly status: "ok" | "degraded";
  readonly problem: string | null;
}

/** The samples among the answers of all nodes: one that only publishes, or of another version, has given none. */
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
