import { NOW_MS } from "./functions.js";

/**
 * Deletes the oldest entries that exceed a bound, at most `step` of them, and other rows whose time is over. An entry
 * exceeds a bound if the entries after it fill that bound. Returns the number of deleted entries; 0 while another node
 * trims.
 */
export const TRIM = `
CREATE OR REPLACE FUNCTION {trim}(
  max_events bigint, max_bytes bigint, max_age_ms bigint, step integer
) RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
  gone bigint;
  newest {log}%ROWTYPE;
  upto bigint;
  upto_event bigint;
  count_ integer := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(1936941417, ('{log}'::regclass::oid::bigint - 2147483648)::integer) THEN
    RETURN 0;
  END IF;
  SELECT trimmed INTO gone FROM {meta} WHERE id = 1;
  SELECT * INTO newest FROM {log} ORDER BY position DESC LIMIT 1;
  SELECT max(position), max(position) FILTER (WHERE kind = 'event') INTO upto, upto_event FROM (
    SELECT position, kind, bytes, "time" FROM {log}
    WHERE position > gone ORDER BY position LIMIT step
  ) AS oldest
  WHERE position <= newest.position - max_events OR bytes <= newest.bytes - max_bytes
    OR (max_age_ms > 0 AND "time" < ${NOW_MS} - max_age_ms);
  IF upto IS NOT NULL THEN
    DELETE FROM {log} WHERE position > gone AND position <= upto;
    GET DIAGNOSTICS count_ = ROW_COUNT;
    UPDATE {meta} SET trimmed = upto, trimmed_event = greatest(trimmed_event, upto_event) WHERE id = 1;
  END IF;
  IF count_ < step THEN
    DELETE FROM {pending};
    DELETE FROM {kept} AS old USING {kept} AS newer WHERE newer.key = old.key AND newer.touch > old.touch;
    DELETE FROM {kept} AS over WHERE expires <= ${NOW_MS}
      AND NOT EXISTS (SELECT FROM {kept} AS older WHERE older.key = over.key AND older.touch < over.touch);
    DELETE FROM {kept} WHERE touch <= (
      SELECT max(touch) FROM (
        SELECT touch, row_number() OVER newest_first AS place,
          sum(length(head) + length(payload)) OVER newest_first AS total
        FROM {kept} WINDOW newest_first AS (ORDER BY touch DESC)
      ) AS counted
      WHERE place > 1000 OR total > 8388608
    );
    PERFORM {run_forget}(step);
    DELETE FROM {answers} WHERE "time" < ${NOW_MS} - 10000;
    DELETE FROM {nodes} WHERE seen < ${NOW_MS} - 3600000;
    DELETE FROM {writers} WHERE "time" < ${NOW_MS} - 86400000;
  END IF;
  RETURN count_;
END $body$;`;
