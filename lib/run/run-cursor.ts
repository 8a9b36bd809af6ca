/** The cursor of a reader that has this number of events of a run. It is not valid for another run, or for the log. */
export function toRunCursor(token: string, events: number): string {
  return `${token}.${events}`;
}

/** The number of events in a cursor of a run; `null` for any other text. */
export function readRunCursor(token: string, cursor: string): number | null {
  const events = /\.(0|[1-9][0-9]{0,14})$/.exec(cursor)?.[1];
  if (events === undefined || cursor !== toRunCursor(token, Number(events))) return null;
  return Number(events);
}
