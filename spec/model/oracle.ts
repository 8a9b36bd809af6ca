import type { EventLog } from "express-sse-hub";
import { isFor, type Published } from "./published.js";
import type { ModelReader, Segment } from "./reader.js";

/** What is wrong with what the readers saw: one sentence each, none if all is well. */
export function faultsOf(
  readers: readonly ModelReader[],
  published: ReadonlyMap<number, Published>,
  log: EventLog,
): string[] {
  return readers.flatMap((reader) =>
    reader.segments.flatMap((segment, n) =>
      faultsOfSegment(segment, published, log).map(
        (fault) => `${reader.name}, stream ${n + 1}: ${fault}`,
      ),
    ),
  );
}

function faultsOfSegment(
  segment: Segment,
  published: ReadonlyMap<number, Published>,
  log: EventLog,
): string[] {
  const faults: string[] = [];
  const tagged = segment.connection.user?.profile;
  if (tagged !== segment.profile) faults.push(`it was tagged ${String(tagged)}`);
  const [hello, ...events] = segment.stream.all;
  if (hello?.event !== "hub:open") return ["it did not begin with hub:open"];
  const start = positionOf(hello.id);
  const verdict = JSON.parse(hello.data) as { recovered: boolean | null; reason?: string };
  faults.push(...faultsOfVerdict(verdict, start, segment, log));

  const seen = new Set<number>();
  let cursor = start;
  let order = start;
  for (const { event, data, id } of events) {
    if (event === "hub:end") {
      faults.push(...faultsOfEnd(id, cursor));
      continue;
    }
    if (event.startsWith("hub:")) {
      const position = positionOf(id);
      if (position < cursor) faults.push(`${event} went back from ${cursor} to ${position}`);
      if (event === "hub:tick") faults.push(...missing(segment, published, seen, cursor, position));
      else if (log.trimmed <= cursor)
        faults.push(`a gap at ${cursor}, although nothing had left the log`);
      cursor = position;
      order = Math.max(order, position);
      continue;
    }
    const position = Number(data.split(" ", 1));
    const entry = published.get(position);
    if (entry === undefined) {
      faults.push(`it got ${JSON.stringify(data.slice(0, 20))}, which nobody sent`);
      continue;
    }
    const audience = isFor(entry, segment);
    if (position > segment.changedAt) faults.push(`it got ${position} after its user had changed`);
    const isLate = joinedAfter(entry, segment);
    const isOld = position <= Math.max(order, cursor) || isLate;
    const isRetained = id === undefined && entry.key !== null && isOld;
    if (audience === "no" && !(isRetained && isLate)) {
      faults.push(`it got ${position}, which was not for it`);
    }
    if (isRetained) continue;
    if (seen.has(position)) faults.push(`it got ${position} twice`);
    if (position <= order) faults.push(`it got ${position} after ${order}`);
    if (entry.isVolatile !== (id === undefined))
      faults.push(`${position} has the wrong kind of id`);
    order = Math.max(order, position);
    seen.add(position);
    if (id === undefined) continue;
    faults.push(...missing(segment, published, seen, cursor, position));
    cursor = position;
  }
  if (verdict.recovered !== true) faults.push(...missingRetained(segment, published, start));
  return faults;
}

// The cursor that a changed user is sent away with is the one its browser has.
function faultsOfEnd(id: string | undefined, cursor: number): string[] {
  if (id === undefined || id.startsWith("done.") || positionOf(id) === cursor) return [];
  return [`it was sent away with ${id}, although it had come to ${cursor}`];
}

// recovered: true must go on from exactly the cursor that was brought; false must be a fact.
function faultsOfVerdict(
  { recovered, reason }: { recovered: boolean | null; reason?: string },
  start: number,
  { cursor }: Segment,
  log: EventLog,
): string[] {
  if (cursor === undefined) return recovered === null ? [] : ["a verdict on a first visit"];
  const brought = positionOf(cursor);
  if (recovered === true) {
    return brought === start ? [] : [`it came back with ${brought} and was put at ${start}`];
  }
  const isTrue = recovered === false && reason === "trimmed" && log.trimmed > brought;
  return isTrue ? [] : [`a false verdict (${String(recovered)}, ${String(reason)}) on ${brought}`];
}

function missing(
  segment: Segment,
  published: ReadonlyMap<number, Published>,
  seen: ReadonlySet<number>,
  after: number,
  upTo: number,
): string[] {
  const faults: string[] = [];
  for (let position = after + 1; position <= upTo; position += 1) {
    const entry = published.get(position);
    const isDue = entry !== undefined && !entry.isVolatile && isFor(entry, segment) === "yes";
    if (isDue && !seen.has(position))
      faults.push(`it never got ${position}, between ${after} and ${upTo}`);
  }
  return faults;
}

function missingRetained(
  segment: Segment,
  published: ReadonlyMap<number, Published>,
  start: number,
): string[] {
  const given = new Set(segment.stream.all.map(({ data }) => Number(data.split(" ", 1))));
  const newest = new Map<string, Published>();
  const renewed = new Set<string>();
  for (const entry of published.values()) {
    if (entry.key === null) continue;
    if (entry.position <= start) newest.set(entry.key, entry);
    else renewed.add(entry.key);
  }
  return [...newest]
    .filter(([key]) => !renewed.has(key))
    .filter(([, entry]) => isFor(entry, segment) === "yes" && !given.has(entry.position))
    .map(([key, { position }]) => `it never got ${position}, the state of ${key}`);
}

// A room joined later brings what is retained for it, although that is older than the stay. It is
// state, not an event, and comes at once: perhaps before an older event that is still on its way.
function joinedAfter({ rooms, position }: Published, { stays }: Segment): boolean {
  return stays.some(({ room, since }) => rooms?.includes(room) === true && since >= position);
}

function positionOf(id: string | undefined): number {
  return Number(id?.split(".")[1]);
}
