/** A place in the hub's log, as its ids tell it. */
interface Place {
  readonly epoch: string;
  readonly position: number;
}

/** True when everything up to the second cursor has come to who holds the first. */
export function hasReached(cursor: string | undefined, other: string | undefined): boolean {
  const [place, goal] = [placeOf(cursor), placeOf(other)];
  return place !== undefined && place.epoch === goal?.epoch && place.position >= goal.position;
}

/** The same place for another user, who is to be given again what there is to begin with. */
export function ofOther(cursor: string | undefined): string | undefined {
  return placeOf(cursor) === undefined ? cursor : cursor?.replace(/(\.other)?$/, ".other");
}

// <epoch>.<position>, with .other behind it where the stream was another user's.
function placeOf(cursor: string | undefined): Place | undefined {
  const match = /^([\w-]+)\.(\d+)(?:\.other)?$/.exec(cursor ?? "");
  return match === null ? undefined : { epoch: match[1] as string, position: Number(match[2]) };
}
