// The current time in milliseconds since 1970, not the time at which the transaction began.
export const NOW_MS = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/**
 * The lock under which a transaction gives out positions or begins a new epoch. PostgreSQL releases it after the commit
 * is visible, so a reader that sees a position sees all positions before it.
 */
const LOCK = `
CREATE OR REPLACE FUNCTION {lock}() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_advisory_xact_lock(1936941416, ('{log}'::regclass::oid::bigint - 2147483648)::integer);
  -- An event that was delivered must survive a crash.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
END $body$;`;

/** The channel for NOTIFY and LISTEN. */
const CHANNEL = `
CREATE OR REPLACE FUNCTION {channel}() RETURNS text LANGUAGE sql STABLE AS $body$
  SELECT 'express_sse_hub_' || '{log}'::regclass::oid
$body$;`;

/**
 * Identifies the server that holds the log: its cluster, its timeline (which changes with a failover or a restore to a
 * point in time) and the table (which changes when a dump is restored).
 */
const SERVER = `
CREATE OR REPLACE FUNCTION {server}() RETURNS text LANGUAGE plpgsql AS $body$
BEGIN
  RETURN (SELECT system_identifier FROM pg_control_system())
    || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
    || '/' || '{log}'::regclass::oid;
EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
  RETURN '{log}'::regclass::oid::text;
END $body$;`;

/**
 * Begins a new epoch if the log cannot be trusted: the log is unknown, the server is another one, or entries that the
 * calling node has read are missing.
 */
const BEGIN = `
CREATE OR REPLACE FUNCTION {begin}(
  version_ integer, candidate text, seen_epoch text, seen_position bigint, seen_node text, seen_sequence bigint
) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
  here text := {server}();
  found_ {meta}%ROWTYPE;
  newest bigint;
BEGIN
  FOR attempt IN 1..2 LOOP
    SELECT * INTO found_ FROM {meta} WHERE id = 1;
    IF found_.epoch <> '' AND found_.server = here THEN
      IF found_.epoch <> seen_epoch OR seen_position = 0 OR seen_position <= found_.trimmed THEN
        RETURN;
      END IF;
      PERFORM 1 FROM {log} WHERE position = seen_position
        AND (seen_node = '' OR (node = seen_node AND sequence = seen_sequence));
      IF FOUND THEN RETURN; END IF;
    END IF;
    -- Check again under the lock: another node may have begun the epoch meanwhile.
    IF attempt = 1 THEN PERFORM {lock}(); END IF;
  END LOOP;
  DELETE FROM {log};
  DELETE FROM {writers};
  UPDATE {kept} SET position = 0;
  PERFORM setval('{positions}', 1, false), setval('{bytes}', 0);
  INSERT INTO {meta} (version, epoch, server) VALUES (version_, candidate, here)
    ON CONFLICT (id) DO UPDATE SET epoch = candidate, server = here, trimmed = 0, trimmed_event = 0;
  PERFORM pg_notify({channel}(), '');
END $body$;`;

/** Appends the entries of a node, each once, all or none. Returns no rows if the log has another epoch. */
const APPEND = `
CREATE OR REPLACE FUNCTION {append}(
  epoch_ text, node_ text, sequences bigint[], kinds text[], heads bytea[], payloads bytea[], retains bytea[],
  keeps bigint[]
) RETURNS TABLE (entry_sequence bigint, entry_position bigint, entry_trimmed bigint) LANGUAGE plpgsql AS $body$
DECLARE
  found_ {meta}%ROWTYPE;
  last_ {writers}%ROWTYPE;
  bytes_ bigint;
BEGIN
  PERFORM {lock}();
  SELECT * INTO found_ FROM {meta} WHERE id = 1;
  IF found_.epoch IS DISTINCT FROM epoch_ THEN RETURN; END IF;
  SELECT * INTO last_ FROM {writers} WHERE node = node_;
  last_.sequence := coalesce(last_.sequence, 0);
  SELECT last_value INTO bytes_ FROM {bytes};
  RETURN QUERY
    SELECT given, CASE WHEN given = last_.sequence THEN last_.position ELSE 0 END, found_.trimmed_event
    FROM unnest(sequences) AS given WHERE given <= last_.sequence;
  RETURN QUERY
    WITH given AS MATERIALIZED (
      SELECT *, nextval('{positions}') AS place FROM (
        SELECT * FROM unnest(sequences, kinds, heads, payloads, retains, keeps) WITH ORDINALITY
          AS g (sequence, kind, head, payload, retain, keep, ordinal)
        WHERE sequence > last_.sequence ORDER BY ordinal
      ) AS ordered
    ), added AS (
      INSERT INTO {log} (position, "time", node, sequence, kind, head, payload, bytes)
      SELECT place, ${NOW_MS}, node_, sequence, kind, head, payload,
        bytes_ + sum(length(head) + length(payload)) OVER (ORDER BY ordinal)
      FROM given
      RETURNING sequence, position, bytes
    ), retained AS (
      INSERT INTO {kept} (key, position, head, payload, expires)
      SELECT retain, place, head, payload, ${NOW_MS} + keep
      FROM given WHERE retain IS NOT NULL ORDER BY ordinal
    ), counted AS (
      SELECT setval('{bytes}', max(bytes)) AS total FROM added
    ), written AS (
      INSERT INTO {writers} AS w (node, sequence, position, "time")
      SELECT node_, max(sequence), max(position), ${NOW_MS} FROM added HAVING count(*) > 0
      ON CONFLICT (node) DO UPDATE
        SET sequence = excluded.sequence, position = excluded.position, "time" = excluded."time"
    )
    SELECT sequence, position, found_.trimmed_event FROM added, counted ORDER BY position;
  PERFORM pg_notify({channel}(), '');
END $body$;`;

/** Appends an entry of a transaction while the transaction commits: only then its position is known. */
const COMMIT = `
CREATE OR REPLACE FUNCTION {commit}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  place bigint;
BEGIN
  PERFORM {lock}();
  place := nextval('{positions}');
  INSERT INTO {log} (position, "time", node, sequence, kind, head, payload, bytes)
    SELECT place, ${NOW_MS}, NEW.node, NEW.sequence, 'event', NEW.head, NEW.payload,
      setval('{bytes}', last_value + length(NEW.head) + length(NEW.payload))
    FROM {bytes};
  IF NEW.retain IS NOT NULL THEN
    INSERT INTO {kept} (key, position, head, payload, expires)
      VALUES (NEW.retain, place, NEW.head, NEW.payload, ${NOW_MS} + NEW.keep);
  END IF;
  PERFORM pg_notify({channel}(), '');
  RETURN NULL;
END $body$;`;

/** Ordered so that each function may call the ones before it. */
export const FUNCTIONS: readonly string[] = [LOCK, CHANNEL, SERVER, BEGIN, APPEND, COMMIT];
