import { randomBytes } from "node:crypto";
import { compileMatcher } from "../audience/compile-matcher.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import type { RunHeader } from "../log/run-store.js";
import { isCount, isTimer, MILLISECONDS, optionReader } from "../options/option-reader.js";
import { checkEventName } from "../wire/event.js";
import type { CancelOptions, RunOptions, RunSource } from "./run.js";

/** What a run is to be: its header, and what only its producer needs. */
export interface RunSettings {
  readonly header: RunHeader;
  /** `null`: without a name on the wire. */
  readonly event: string | null;
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Reads what `hub.run()` was given. @throws SseHubTypeError `ERR_SSE_OPTION`, `ERR_SSE_FILTER`, `ERR_SSE_FIELD` */
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

/** True for what can be the id of a run. */
export function isRunId(id: unknown): id is string {
  return typeof id === "string" && /^[A-Za-z0-9_.-]{1,128}$/.test(id);
}

/** @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveCancel(options: CancelOptions): { readonly by: object | undefined } | null {
  const read = optionReader("hub.cancel", options, ["by"]);
  const by = read("by", "a user, such as req.sse.user", isUser);
  // Named, but nobody: then it is not for that user, unless it is for everybody.
  return "by" in options ? { by } : null;
}

function checkRunId(id: unknown): asserts id is string {
  if (isRunId(id)) return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The id of hub.run() is ${describe(id)}. Expected 1 to 128 of the characters A-Z, a-z, 0-9, "_", "." and "-", ` +
      "such as randomUUID() gives.",
  );
}

function checkSource(source: unknown): asserts source is RunSource {
  if (typeof source === "function") return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The source of hub.run() is ${describe(source)}. Expected a function that gives what to iterate over: ` +
      "({ signal }) => model.tokens(question, { signal }).",
  );
}

function audienceOf(given: unknown): object | null {
  if (given === "everybody") return null;
  if (given === undefined) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      'hub.run() was called without the option for. Expected whom the run is for: a matcher such as { id: 7 }, or "everybody".',
    );
  }
  compileMatcher(given);
  return structuredClone(given);
}

function isUser(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

const RUN_OPTIONS = ["for", "event", "keepMs", "maxEvents", "maxBytes", "leaseMs"] as const;
