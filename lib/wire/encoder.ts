import { allocateKept } from "./allocate-kept.js";

/**
 * Encodes events. `event.ts` has checked all arguments, so nothing here can fail.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

/**
 * The fields of an event without its id, ending in the blank line that dispatches it.
 *
 * @param event `null` for no name: a browser then dispatches the event as `message`
 * @param tabMark the mark of the tab that the event is not for; a client that does not know this field ignores it (9.2.6)
 */
export function encodeFrame(event: string | null, text: string, tabMark?: string): Buffer {
  const name = event === null ? "" : `event: ${event}\n`;
  const except = tabMark === undefined ? "" : `except: ${tabMark}\n`;
  return Buffer.from(`${name}${except}${dataLines(text)}\n`);
}

/** Puts an id in front of a frame: the bytes that are sent for an entry of the log. */
export function withId(id: string, frame: Buffer): Buffer {
  const field = `id: ${id}\n`;
  const bytes = allocateKept(field.length + frame.length);
  bytes.write(field, 0, "latin1");
  frame.copy(bytes, field.length);
  return bytes;
}

/** Removes the id in front of a frame, so that the frame does not move the reader's cursor. */
export function withoutId(bytes: Buffer): Buffer {
  return bytes.subarray(0, 4).equals(ID_FIELD) ? bytes.subarray(bytes.indexOf("\n") + 1) : bytes;
}

const ID_FIELD = Buffer.from("id: ");

/** Encodes an event of the hub itself. @param fields `id` if the event moves the browser's cursor */
export function encodeHubEvent(
  event: "hub:open" | "hub:gap" | "hub:tick" | "hub:end",
  data: Readonly<Record<string, unknown>>,
  fields: { readonly id?: string | undefined; readonly retryMs?: number | undefined } = {},
): string {
  const id = fields.id === undefined ? "" : `id: ${fields.id}\n`;
  const retry = fields.retryMs === undefined ? "" : retryField(fields.retryMs);
  return `${retry}event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`;
}

/**
 * The first bytes of every stream: how long to wait before a reconnect, and a comment that makes proxies forward the
 * headers. There is no blank line at the end, so that these bytes belong to the first event: some clients, such as
 * `@microsoft/fetch-event-source`, dispatch an empty message at every blank line.
 */
export function encodePreamble(retryMs: number): string {
  return `${retryField(retryMs)}:\n`;
}

/** A comment, for the same reason without a blank line. It keeps the connection open and moves no cursor. */
export const HEARTBEAT_COMMENT = Buffer.from(":\n");

function retryField(retryMs: number): string {
  return `retry: ${retryMs}\n`;
}

// 9.2.6: a line ends at CRLF, CR or LF. Each line of data becomes a field of its own, and the parser joins them with LF.
// The colon is always followed by a space, because the parser removes one.
function dataLines(text: string): string {
  if (!/[\r\n]/.test(text)) return `data: ${text}\n`;
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("");
}
