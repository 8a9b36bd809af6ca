import { optionReader, type Check, type ReadOption } from "../options/option-reader.js";

/** Where a log is in its database. */
export interface Place {
  /** The schema of its tables. `[A-Za-z0-9_]`, at most 63. @default "public" */
  schema?: string | undefined;
  /** Names the log: its tables and functions begin with `name_`. `[A-Za-z0-9_-]`, at most 40. @default "sse" */
  name?: string | undefined;
}

/** {@link Place} with every default filled in. */
export interface ResolvedPlace {
  readonly schema: string;
  readonly name: string;
}

/** @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolvePlace(owner: string, options: Place): ResolvedPlace {
  return readPlace(optionReader(owner, options, ["schema", "name"]));
}

/** Reads both, whatever else there is. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function readPlace(read: ReadOption): ResolvedPlace {
  return {
    schema: read("schema", "1 to 63 of A-Z, a-z, 0-9 and _", isSchema, "public"),
    name: read("name", "1 to 40 of A-Z, a-z, 0-9, _ and -", isName, "sse"),
  };
}

const isSchema: Check<string> = (value): value is string =>
  typeof value === "string" && /^[A-Za-z0-9_]{1,63}$/.test(value);

const isName: Check<string> = (value): value is string =>
  typeof value === "string" && /^[A-Za-z0-9_-]{1,40}$/.test(value);
