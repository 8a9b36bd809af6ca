/** A position in the hub's log, as ids contain it. */
interface LogPosition {
  readonly epoch: string;
  readonly position: number;
}

/** True if a tab with the first cursor has received everything up to the second cursor. */
export function hasReached(cursor: string | undefined, other: string | undefined): boolean {
  const [own, goal] = [parse(cursor), parse(other)];
  return own !== undefined && own.epoch === goal?.epoch && own.position >= goal.position;
}

/** The same position for another user, so that the hub sends the initial state again. */
export function ofOther(cursor: string | undefined): string | undefined {
  return parse(cursor) === undefined ? cursor : cursor?.replace(/(\.other)?$/, ".other");
}

// <epoch>.<position>, followed by .other if the browser needs the initial state again.
function parse(cursor: string | undefined): LogPosition | undefined {
  const match = /^([\w-]+)\.(\d+)(?:\.other)?$/.exec(cursor ?? "");
  return match === null ? undefined : { epoch: match[1] as string, position: Number(match[2]) };
}
