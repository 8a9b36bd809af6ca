import { FUNCTIONS } from "./functions.js";
import { nameParts } from "./log-names.js";
import { TRIM } from "./trim-function.js";
import { RUN_FUNCTIONS, RUN_TABLES } from "./runs/run-functions.js";
import { resolvePlace, type Place } from "./place.js";

/** Version of the tables and functions. A change of either needs another one, and SQL that leads there. */
export const VERSION = 1;

const SQL = `BEGIN;
SET LOCAL client_min_messages = warning;
-- One process after the other.
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
-- Old rows go in small steps; what they leave is to be free again soon.
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
-- Nothing in it outlives its transaction: it need not be safe on disk.
CREATE UNLOGGED TABLE IF NOT EXISTS {pending} (
  node text NOT NULL,
  sequence bigint NOT NULL,
  head bytea NOT NULL,
  payload bytea NOT NULL,
  retain bytea,
  keep bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
-- The newest of a key counts; where that has expired, the key is kept no more.
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
-- Its first life begins here: what is committed before a node has come is a part of it.
SELECT {begin}(${VERSION}, left(md5(random()::text || clock_timestamp()::text), 8), '', 0, '', 0);
COMMIT;
`;

/**
 * The SQL that makes the tables and functions of a log, for those who run migrations themselves: one
 * transaction, which may be run again at any time, also by several processes at once.
 *
 * @example
 * console.log(migrationSql({ schema: "events" }));
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function migrationSql(options: Place = {}): string {
  return nameParts(resolvePlace("migrationSql", options), SQL);
}
