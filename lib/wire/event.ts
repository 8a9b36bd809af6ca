import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { findJsonLoss } from "./json-loss.js";

/**
 * The events of your application: name → type of the data. Your application declares them:
 *
 * ```ts
 * declare module "express-sse-hub" {
 *   interface SseEvents { message: string; order: { id: number; total: number } }
 * }
 * ```
 *
 * Until you declare them, an event of any name can carry any data.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by declaration merging
export interface SseEvents {}

/** The names of {@link SseEvents} if the application has declared them, otherwise any string. */
export type EventName = [keyof SseEvents] extends [never] ? string : keyof SseEvents & string;

/** The type of the data of an event, by its name. */
export type EventData<E extends EventName> = E extends keyof SseEvents ? SseEvents[E] : unknown;

/**
 * Checks the name of an event. A name that cannot be sent as it is, for example with a line break, is refused instead
 * of being changed: a line break would allow someone to forge further fields and events.
 *
 * Names that begin with `hub:`, the prefix of the hub's own events, are also refused, and so are `open` and `error`,
 * which EventSource dispatches itself.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * @throws SseHubTypeError `ERR_SSE_FIELD`
 */
export function checkEventName(event: unknown): asserts event is string {
  if (typeof event !== "string" || event === "") {
    throw field(event, "a string that is not empty", 'name the event, for example "message"');
  }
  if (/[\r\n\0]/.test(event) || !event.isWellFormed()) {
    throw field(event, "a name without CR, LF, NUL or a lone surrogate", "put free text into data");
  }
  if (event.startsWith("hub:")) {
    throw field(event, 'a name that does not begin with "hub:"', "that prefix is the hub's own");
  }
  if (event === "error" || event === "open") {
    throw field(
      event,
      "a name other than error and open",
      "EventSource dispatches those two itself, so a listener could not tell them apart",
    );
  }
}

/**
 * Returns the text of an event's data: a string as it is, anything else as JSON.
 *
 * @throws SseHubTypeError `ERR_SSE_DATA` for values that JSON cannot represent (undefined, functions, symbols, BigInt,
 * cycles), for values whose content JSON drops (a Map, a Set, a typed array), and for more than `maxPayloadBytes` bytes
 * of UTF-8
 */
export function toText(data: unknown, maxPayloadBytes: number): string {
  const text = typeof data === "string" ? data : toJson(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxPayloadBytes) {
    throw new SseHubTypeError(
      "ERR_SSE_DATA",
      `The data of an event is ${bytes} bytes; expected at most ${maxPayloadBytes}. ` +
        "Send a URL that the page can fetch, or raise maxPayloadBytes in createHub().",
    );
  }
  return text;
}

function toJson(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    const [why] = (cause as Error).message.split("\n", 1);
    throw new SseHubTypeError(
      "ERR_SSE_DATA",
      `The data of an event is ${describe(data)} that JSON.stringify refuses (${why}). ` +
        "Expected a string or a value that JSON can hold: convert BigInt to a string, remove cycles.",
      { cause },
    );
  }
  if (json === undefined) {
    throw new SseHubTypeError(
      "ERR_SSE_DATA",
      `The data of an event is ${describe(data)}. Expected a string or a value that JSON can hold; ` +
        'for an event without data send "" or null.',
    );
  }
  const loss = findJsonLoss(data);
  if (loss === null) return json;
  throw new SseHubTypeError(
    "ERR_SSE_DATA",
    `The data of an event holds ${loss.what}${loss.at}, whose content JSON drops. ` +
      `Expected a value that JSON can hold: pass ${loss.remedy}.`,
  );
}

function field(given: unknown, expected: string, remedy: string): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_FIELD",
    `The event name is ${describe(given)}. Expected ${expected}: ${remedy}.`,
  );
}
