import { randomBytes } from "node:crypto";
import { compileMatcher } from "../audience/compile-matcher.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { RunHeader } from "../log/run-store.js";
import { isCount, isTimer, MILLISECONDS, optionReader } from "../options/option-reader.js";
import { checkEventName } from "../wire/event.js";
import type { CancelOptions, RunOptions, RunSource } from "./run.js";

/** The checked arguments of `hub.run()`: the header of the run, and what only its producer needs. */
export interface RunSettings {
  readonly header: RunHeader;
  /** Name of the events that the items become; `null`: they have no name on the wire. */
  readonly event: string | null;
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Reads the arguments of `hub.run()`. @throws SseHubTypeError `ERR_SSE_OPTION`, `ERR_SSE_FILTER`, `ERR_SSE_FIELD` */
export function resolveRun(id: unknown, source: unknown, options: RunOptions): RunSettings {
  checkRunId(id);
  checkSource(source);
  const read = optionReader("hub.run", options, RUN_OPTIONS);
  const { event } = options;
  if (event !== undefined) checkEventName(event);
  const count = (key: "maxEvents" | "maxBytes", preset: number) =>
    read(key, "a whole number above 0", isCount, preset);
  return {
    header: {
      id,
      token: randomBytes(9).toString("base64url"),
      for: audienceOf((options as Partial<RunOptions>).for),
      since: Date.now(),
      leaseMs: read("leaseMs", MILLISECONDS, isTimer, 10_000),
      keepMs: read("keepMs", MILLISECONDS, isTimer, 300_000),
    },
    event: event ?? null,
    maxEvents: count("maxEvents", 10_000),
    maxBytes: count("maxBytes", 4_194_304),
  };
}

/** True for a valid id of a run. */
export function isRunId(id: unknown): id is string {
  return typeof id === "string" && /^[A-Za-z0-9_.-]{1,128}$/.test(id);
}

/** Reads the options of `hub.cancel()`; `null` without `by`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveCancel(options: CancelOptions): { readonly by: object | undefined } | null {
  const read = optionReader("hub.cancel", options, ["by"]);
  const by = read("by", "a user, such as req.sse.user", isUser);
  // `by: undefined` is a request without a user: it may cancel only a run that is for everybody.
  return "by" in options ? { by } : null;
}

function checkRunId(id: unknown): asserts id is string {
  if (isRunId(id)) return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The id of hub.run() is ${describe(id)}. Expected 1 to 128 of the characters A-Z, a-z, 0-9, "_", "." and "-", ` +
      "such as a randomUUID().",
  );
}

function checkSource(source: unknown): asserts source is RunSource {
  if (typeof source === "function") return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The source of hub.run() is ${describe(source)}. Expected a function that returns something to iterate: ` +
      "({ signal }) => model.tokens(question, { signal }).",
  );
}

function audienceOf(given: unknown): object | null {
  if (given === "everybody") return null;
  if (given === undefined) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      "hub.run() was called without the option for, which says who may follow the run. " +
        'Expected a matcher such as { id: 7 }, or "everybody".',
    );
  }
  compileMatcher(given);
  return structuredClone(given);
}

function isUser(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

const RUN_OPTIONS = ["for", "event", "keepMs", "maxEvents", "maxBytes", "leaseMs"] as const;
