import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { findJsonLoss } from "./json-loss.js";

/**
 * The application's events: name → shape of the data. Filled in by the application:
 *
 * ```ts
 * declare module "express-sse-hub" {
 *   interface SseEvents { message: string; order: { id: number; total: number } }
 * }
 * ```
 *
 * While it is empty, any name goes with any data.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by declaration merging
export interface SseEvents {}

/** The names of {@link SseEvents} once the application has filled it in, any string until then. */
export type EventName = [keyof SseEvents] extends [never] ? string : keyof SseEvents & string;

/** The data that goes with an event's name. */
export type EventData<E extends EventName> = E extends keyof SseEvents ? SseEvents[E] : unknown;

/**
 * Checks the name of an event. Nothing is cleaned up: a name that the standard could not carry as it
 * is, is refused, because a line break in a field forges further fields and events.
 *
 * Refused besides: names beginning with `hub:` (the hub's own events), and `open` and `error`, which
 * EventSource dispatches itself.
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
 * Gives the text of an event's data: a string as it is, anything else as JSON.
 *
 * @throws SseHubTypeError `ERR_SSE_DATA` for what JSON cannot say (undefined, functions, symbols,
 * BigInt, cycles), for what JSON empties (a Map, a Set, a typed array) and for more than `maxPayloadBytes` bytes of UTF-8
 */
export function toText(data: unknown, maxPayloadBytes: number): string {
  const text = typeof data === "string" ? data : toJson(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxPayloadBytes) {
    throw new SseHubTypeError(
      "ERR_SSE_DATA",
      `The data of an event is ${bytes} bytes; expected at most ${maxPayloadBytes}. ` +
        "Send a reference the page can fetch, or raise maxPayloadBytes in createHub().",
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
    `The data of an event holds ${loss.what}${loss.at}, of which JSON keeps nothing. ` +
      `Expected what JSON can hold: pass ${loss.remedy}.`,
  );
}

function field(given: unknown, expected: string, remedy: string): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_FIELD",
    `The event name is ${describe(given)}. Expected ${expected}: ${remedy}.`,
  );
}
