import type { ResolvedPlace } from "./place.js";

/**
 * Replaces placeholders in SQL with the names of a log's tables and functions: `{log}` becomes `"public"."sse_log"`,
 * `{schema}` the schema. The options were checked, so that quotes are enough.
 */
export function nameParts({ schema, name }: ResolvedPlace, sql: string): string {
  return sql.replace(/\{(\w+)\}/g, (_whole, part: string) =>
    part === "schema" ? `"${schema}"` : `"${schema}"."${name}_${part}"`,
  );
}
