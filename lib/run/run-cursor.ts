/** The cursor of a reader that has so many events of a run. It means nothing to another run, nor to the hub's log. */
export function toRunCursor(token: string, events: number): string {
  return `${token}.${events}`;
}

/** The number of events that a cursor of a run names; `null` for any other text. */
export function readRunCursor(token: string, cursor: string): number | null {
  const events = /\.(0|[1-9][0-9]{0,14})$/.exec(cursor)?.[1];
  if (events === undefined || cursor !== toRunCursor(token, Number(events))) return null;
  return Number(events);
}
