import { allocateKept } from "./allocate-kept.js";

/**
 * From event to bytes. What goes in here has been checked by `event.ts`; nothing below can fail.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

/**
 * The fields of an event without its id, ending in the blank line that dispatches it.
 *
 * @param event `null` for the name `message`, which a browser takes an event without a name for
 * @param tabMark which tab of a shared connection it is not for; 9.2.6: whoever does not know the field ignores it
 */
export function encodeFrame(event: string | null, text: string, tabMark?: string): Buffer {
  const name = event === null ? "" : `event: ${event}\n`;
  const except = tabMark === undefined ? "" : `except: ${tabMark}\n`;
  return Buffer.from(`${name}${except}${dataLines(text)}\n`);
}

/** A frame with its id in front: everything that goes over the wire for one entry of the log. */
export function withId(id: string, frame: Buffer): Buffer {
  const field = `id: ${id}\n`;
  const bytes = allocateKept(field.length + frame.length);
  bytes.write(field, 0, "latin1");
  frame.copy(bytes, field.length);
  return bytes;
}

/** The same bytes without the id in front, for a reader whose cursor they must not move. */
export function withoutId(bytes: Buffer): Buffer {
  return bytes.subarray(0, 4).equals(ID_FIELD) ? bytes.subarray(bytes.indexOf("\n") + 1) : bytes;
}

const ID_FIELD = Buffer.from("id: ");

/** What the hub itself says to a browser, with an id where it moves the browser's cursor. */
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
 * The first bytes of every stream: when to come back, and a comment that makes proxies let go. No blank line
 * ends them, so that they are the beginning of the first event: some clients, such as
 * `@microsoft/fetch-event-source`, dispatch an empty message at every blank line.
 */
export function encodePreamble(retryMs: number): string {
  return `${retryField(retryMs)}:\n`;
}

/** A comment line, for the same reason without a blank line: it keeps the way open and moves no cursor. */
export const HEARTBEAT_COMMENT = Buffer.from(":\n");

function retryField(retryMs: number): string {
  return `retry: ${retryMs}\n`;
}

// 9.2.6: a line ends at CRLF, CR or LF; each line of data becomes a field of its own, and the parser
// joins them with LF again. A space follows the colon always, since the parser takes one away.
function dataLines(text: string): string {
  if (!/[\r\n]/.test(text)) return `data: ${text}\n`;
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("");
}
