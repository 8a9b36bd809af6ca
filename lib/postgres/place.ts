import { optionReader, type Check, type ReadOption } from "../options/option-reader.js";

/** The place of a log in its database: its schema and name. */
export interface Place {
  /** The schema of its tables. 1 to 63 of `[A-Za-z0-9_]`. @default "public" */
  schema?: string | undefined;
  /** The name of the log: its tables and functions begin with `name_`. 1 to 40 of `[A-Za-z0-9_-]`. @default "sse" */
  name?: string | undefined;
}

/** {@link Place} with every default filled in. */
export interface ResolvedPlace {
  readonly schema: string;
  readonly name: string;
}

/** Reads the options of a call that takes nothing else. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolvePlace(owner: string, options: Place): ResolvedPlace {
  return readPlace(optionReader(owner, options, ["schema", "name"]));
}

/** Reads schema and name among other options. @throws SseHubTypeError `ERR_SSE_OPTION` */
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
