import { isCount, isTimer, MILLISECONDS, orNull } from "../options/option-reader.js";
import type { Check, ReadOption } from "../options/option-reader.js";

/** The options that every log on a server has. */
export interface SharedLogSettings {
  readonly secret: string | null;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
  readonly deadlineMs: number;
}

/** Reads the options that every log on a server has. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function readSharedLogSettings(read: ReadOption): SharedLogSettings {
  return {
    secret: read("secret", "a string that is not empty, or null for none", orNull(isText), null),
    maxEvents: read("maxEvents", "a whole number of events above 0", isCount, 200_000),
    maxBytes: read("maxBytes", "a whole number of bytes above 0", isCount, 64 * 1_048_576),
    maxAgeMs: read("maxAgeMs", `${MILLISECONDS}, or null for no limit`, orNull(isCount), 600_000),
    deadlineMs: read("deadlineMs", MILLISECONDS, isTimer, 5_000),
  };
}

export const isText: Check<string> = (value): value is string =>
  typeof value === "string" && value !== "";
