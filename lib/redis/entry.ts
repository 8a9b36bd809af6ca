import type { KeptEntry } from "../shared-log/log-state.js";
import {
  createEntry,
  isKind,
  readHead,
  type ReadEntry,
  type SharedEntry,
} from "../shared-log/shared-entry.js";

/** An entry in a reply of XREAD or XREVRANGE: the id, then names and values alternately. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null];

/** The position in an id of the stream. */
export function positionOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** The epoch in the fields of an entry. */
export function epochOf(fields: readonly Buffer[] | null): string | undefined {
  return fields?.[EPOCH_AT]?.toString("latin1");
}

/** Decodes an entry; `null` if this package has not written it, or a version that is not known here. */
export function readEntry(id: string, fields: readonly Buffer[] | null): SharedEntry | null {
  // Names and values alternate. Version 1 has exactly these names in this order.
  if (fields?.length !== 18 || !/^\d{1,16}-0$/.test(id)) return null;
  const text = (at: number) => (fields[at] as Buffer).toString("latin1");
  const [name, version, kind] = [text(0), text(1), text(13)];
  if (name !== "v" || version !== "1" || !isKind(kind)) return null;
  const entry = {
    position: positionOf(id),
    epoch: text(EPOCH_AT),
    previous: toWhole(text(5)),
    time: toWhole(text(7)),
    node: text(9),
    sequence: toWhole(text(11)),
    kind,
    head: kind === "event" ? readHead(String(fields[15])) : null,
    payload: fields[17] as Buffer,
  };
  const numbers = [entry.position, entry.previous, entry.time, entry.sequence];
  const isWhole = numbers.every(Number.isSafeInteger) && entry.previous < entry.position;
  return isWhole && (kind !== "event" || entry.head !== null) ? entry : null;
}

const EPOCH_AT = 3;

function toWhole(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

/** Decodes a retained event. An event of an earlier epoch gets position 0, before all entries. */
export function readRetained(value: Buffer, epoch: string): KeptEntry | null {
  const ends = [0, 0, 0];
  let from = 0;
  for (const line of ends.keys()) {
    const end = value.indexOf("\n", from);
    if (end === -1) return null;
    ends[line] = end;
    from = end + 1;
  }
  const [first = 0, second = 0, third = 0] = ends;
  const head = readHead(value.toString("utf8", second + 1, third));
  const [position = NaN, expiresAt = Infinity] = value
    .toString("latin1", first + 1, second)
    .split(" ")
    .map(Number);
  if (head === null || !Number.isSafeInteger(position) || Number.isNaN(expiresAt)) return null;
  const isOfThisEpoch = value.toString("latin1", 0, first) === epoch;
  const at = { epoch, position: isOfThisEpoch ? position : 0 };
  return { entry: createEntry(head, value.subarray(from), at), expiresAt };
}

/** The size of an entry's fields in bytes. */
export function sizeOf(fields: readonly Buffer[] | null): number {
  return (fields ?? []).reduce((sum, field) => sum + field.length, 0);
}

/** Turns an entry into the form of the mirror. */
export function toRead([rawId, fields]: RawEntry): ReadEntry {
  const id = String(rawId);
  return { id, position: id.endsWith("-0") ? positionOf(id) : null, entry: readEntry(id, fields) };
}
