import type { KeptEntry } from "../shared-log/log-state.js";
import {
  createEntry,
  isKind,
  readHead,
  type ReadEntry,
  type SharedEntry,
} from "../shared-log/shared-entry.js";
import type { Row } from "./postgres-session.js";

/** The columns of an entry, in a form that does not depend on settings of the server. */
export const ENTRY_COLUMNS =
  `l.position, l.version AS row_version, l."time", l.node, l.sequence, l.kind, ` +
  "encode(l.head, 'hex') AS head, encode(l.payload, 'hex') AS payload";

/** Decodes the entries of a page. @param previous position of the last entry that was read before */
export function readPage(rows: readonly Row[], epoch: string, previous: number): ReadEntry[] {
  let last = previous;
  return rows.map((row) => {
    const entry = readEntry(row, epoch, last);
    // The next entry follows the last one that was decoded, as in the mirror.
    if (entry !== null) last = entry.position;
    return { id: String(row.position), position: Number(row.position), entry };
  });
}

/** Decodes an entry; `null` if this package has not written it, or a version that is not known here. */
export function readEntry(row: Row, epoch: string, previous: number): SharedEntry | null {
  const { kind, node } = row;
  if (row.row_version !== "1" || kind == null || node == null || !isKind(kind)) return null;
  const head = kind === "event" ? readHead(bytesOf(row.head).toString()) : null;
  if (kind === "event" && head === null) return null;
  return {
    position: Number(row.position),
    epoch,
    previous,
    time: Number(row.time),
    node,
    sequence: Number(row.sequence),
    kind,
    head,
    payload: bytesOf(row.payload),
  };
}

/** Decodes a retained event. An event of an earlier epoch has position 0, before all entries. */
export function readRetained(row: Row, epoch: string): KeptEntry | null {
  const head = readHead(bytesOf(row.head).toString());
  if (head === null) return null;
  const at = { epoch, position: Number(row.position) };
  const expiresAt = row.expires == null ? Infinity : Number(row.expires);
  return { entry: createEntry(head, bytesOf(row.payload), at), expiresAt };
}

export function bytesOf(hex: string | null | undefined): Buffer {
  return Buffer.from(hex ?? "", "hex");
}
