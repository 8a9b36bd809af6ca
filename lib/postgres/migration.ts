import { FUNCTIONS } from "./functions.js";
import { nameParts } from "./log-names.js";
import { TRIM } from "./trim-function.js";
import { RUN_FUNCTIONS, RUN_TABLES } from "./runs/run-functions.js";
import { resolvePlace, type Place } from "./place.js";

/** Version of the tables and functions. If you change either, raise it, and add the SQL that updates older ones. */
export const VERSION = 1;

const SQL = `BEGIN;
SET LOCAL client_min_messages = warning;
-- Processes that migrate at the same time wait for each other.
SELECT pg_advisory_xact_lock(hashtextextended('express-sse-hub migrate', 0));
DO $do$ BEGIN
  IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA {schema}; END IF;
END $do$;
CREATE TABLE IF NOT EXISTS {meta} (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  version integer NOT NULL,
  epoch text NOT NULL DEFAULT '',
  server text NOT NULL DEFAULT '',
  trimmed bigint NOT NULL DEFAULT 0,
  trimmed_event bigint NOT NULL DEFAULT 0
);
INSERT INTO {meta} (version) VALUES (${VERSION})
  ON CONFLICT (id) DO UPDATE SET version = excluded.version;
CREATE SEQUENCE IF NOT EXISTS {positions};
CREATE SEQUENCE IF NOT EXISTS {bytes} MINVALUE 0 START 0;
-- Old rows are deleted in small steps; autovacuum must free their space soon.
CREATE TABLE IF NOT EXISTS {log} (
  position bigint PRIMARY KEY,
  version smallint NOT NULL DEFAULT 1,
  "time" bigint NOT NULL,
  node text NOT NULL,
  sequence bigint NOT NULL,
  kind text NOT NULL,
  head bytea NOT NULL,
  payload bytea NOT NULL,
  bytes bigint NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.5,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 10000,
  toast.autovacuum_vacuum_cost_delay = 0
);
-- Its rows are needed only within their transaction, so it is unlogged.
CREATE UNLOGGED TABLE IF NOT EXISTS {pending} (
  node text NOT NULL,
  sequence bigint NOT NULL,
  head bytea NOT NULL,
  payload bytea NOT NULL,
  retain bytea,
  keep bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
-- Only the newest row of a key counts. If it has expired, the key is not retained.
CREATE TABLE IF NOT EXISTS {kept} (
  touch bigint GENERATED ALWAYS AS IDENTITY,
  key bytea NOT NULL,
  position bigint NOT NULL,
  head bytea NOT NULL,
  payload bytea NOT NULL,
  expires bigint,
  PRIMARY KEY (key, touch)
);
CREATE TABLE IF NOT EXISTS {writers} (
  node text PRIMARY KEY,
  sequence bigint NOT NULL,
  position bigint NOT NULL,
  "time" bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {nodes} (
  node text PRIMARY KEY,
  seen bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {answers} (
  id bigint GENERATED ALWAYS AS IDENTITY,
  question text NOT NULL,
  answer bytea NOT NULL,
  "time" bigint NOT NULL,
  PRIMARY KEY (question, id)
);
${RUN_TABLES}
${[...FUNCTIONS, ...RUN_FUNCTIONS, TRIM].join("\n")}
DROP TRIGGER IF EXISTS commit ON {pending};
CREATE CONSTRAINT TRIGGER commit AFTER INSERT ON {pending}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {commit}();
-- Begins the first epoch, so that it includes events that are committed before a node starts.
SELECT {begin}(${VERSION}, left(md5(random()::text || clock_timestamp()::text), 8), '', 0, '', 0);
COMMIT;
`;

/**
 * Returns the SQL that creates the tables and functions of a log, if you run migrations yourself. It is one
 * transaction, which you may run again at any time, also in several processes at once.
 *
 * @example
 * console.log(migrationSql({ schema: "events" }));
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function migrationSql(options: Place = {}): string {
  return nameParts(resolvePlace("migrationSql", options), SQL);
}
