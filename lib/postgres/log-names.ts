import type { ResolvedPlace } from "./place.js";

/**
 * Fills the names of a log's parts into SQL: `{log}` becomes `"public"."sse_log"`, `{schema}` the schema.
 * Both were checked with the options, so that quotes are enough.
 */
export function nameParts({ schema, name }: ResolvedPlace, sql: string): string {
  return sql.replace(/\{(\w+)\}/g, (_whole, part: string) =>
    part === "schema" ? `"${schema}"` : `"${schema}"."${name}_${part}"`,
  );
}
