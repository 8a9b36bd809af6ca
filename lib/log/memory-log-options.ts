import { MILLISECONDS, isCount, optionReader, orNull } from "../options/option-reader.js";

/** Bounds of a `memoryLog()`. When any of them is reached, the oldest events leave the log. */
export interface MemoryLogOptions {
  /** Number of events kept. @default 200_000 */
  maxEvents?: number | undefined;
  /** Bytes of all events together, as they are sent. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds for which an event is kept; `null` for no limit. @default 600_000 */
  maxAgeMs?: number | null | undefined;
}

/** {@link MemoryLogOptions} with every default filled in. */
export interface MemoryLogSettings {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
}

/** Reads the options of `memoryLog()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveMemoryLogOptions(options: MemoryLogOptions): MemoryLogSettings {
  const read = optionReader("memoryLog", options, ["maxEvents", "maxBytes", "maxAgeMs"]);
  return {
    maxEvents: read("maxEvents", "a whole number of events above 0", isCount, 200_000),
    maxBytes: read("maxBytes", "a whole number of bytes above 0", isCount, 64 * 1_048_576),
    maxAgeMs: read("maxAgeMs", `${MILLISECONDS}, or null for no limit`, orNull(isCount), 600_000),
  };
}
