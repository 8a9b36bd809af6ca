import { NOW_MS } from "../functions.js";

/** The tables of runs: a row for each run, and the events of each run. */
export const RUN_TABLES = `
CREATE TABLE IF NOT EXISTS {runs} (
  id text NOT NULL,
  token text NOT NULL,
  begun bigint GENERATED ALWAYS AS IDENTITY,
  audience text NOT NULL,
  since bigint NOT NULL,
  lease_ms bigint NOT NULL,
  keep_ms bigint NOT NULL,
  state text NOT NULL DEFAULT 'running',
  head bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  lease bigint NOT NULL,
  expires bigint NOT NULL,
  PRIMARY KEY (id, token)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {run_events} (
  id text NOT NULL,
  token text NOT NULL,
  last bigint NOT NULL,
  lengths text NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (id, token, last)
);
`;

/** Notifies the followers of a run; the payload is the token of the run. */
const TELL = `
CREATE OR REPLACE FUNCTION {run_tell}(token_ text) RETURNS void LANGUAGE sql AS $body$
  SELECT pg_notify({channel}() || '_runs', token_)
$body$;`;

/** Begins a record. Returns false if the id belongs to another run that is alive. */
const BEGIN = `
CREATE OR REPLACE FUNCTION {run_begin}(
  id_ text, token_ text, audience_ text, since_ bigint, lease_ms_ bigint, keep_ms_ bigint
) RETURNS boolean LANGUAGE plpgsql AS $body$
BEGIN
  -- Runs that begin with the same id wait for each other, and for a producer that renews its lease.
  PERFORM pg_advisory_xact_lock(1936941418, hashtext(id_));
  PERFORM 1 FROM {runs} WHERE id = id_ AND state = 'running' FOR UPDATE;
  IF EXISTS (
    SELECT FROM {runs} WHERE id = id_ AND token <> token_ AND state = 'running' AND lease > ${NOW_MS}
  ) THEN
    RETURN false;
  END IF;
  PERFORM {run_lose}(id, token, 'now') FROM {runs} WHERE id = id_ AND token <> token_ AND state = 'running';
  DELETE FROM {run_events} WHERE id = id_ AND token = token_;
  DELETE FROM {runs} WHERE id = id_ AND token = token_;
  INSERT INTO {runs} (id, token, audience, since, lease_ms, keep_ms, lease, expires) VALUES (
    id_, token_, audience_, since_, lease_ms_, keep_ms_, ${NOW_MS} + lease_ms_, ${NOW_MS} + lease_ms_ + keep_ms_
  );
  RETURN true;
END $body$;`;

/** Writes to a record, once, and renews the lease. Returns \`in\`, \`gone\`, or how the run has ended. */
const WRITE = `
CREATE OR REPLACE FUNCTION {run_write}(
  id_ text, token_ text, after_ bigint, count_ bigint, ending text, lengths_ text, payload_ bytea
) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
  found_ {runs}%ROWTYPE;
  now_ bigint;
BEGIN
  SELECT * INTO found_ FROM {runs} WHERE id = id_ AND token = token_ FOR UPDATE;
  now_ := ${NOW_MS};
  IF found_.token IS NULL OR found_.expires <= now_ THEN RETURN 'gone'; END IF;
  IF found_.state <> 'running' THEN
    RETURN CASE WHEN found_.state = ending AND found_.head = after_ + count_ THEN 'in' ELSE found_.state END;
  END IF;
  -- A repeated write is already in the record. Any other write but the next one means that a part was lost.
  IF found_.head NOT IN (after_, after_ + count_) THEN RETURN 'gone'; END IF;
  IF found_.head = after_ AND count_ > 0 THEN
    INSERT INTO {run_events} VALUES (id_, token_, after_ + count_, lengths_, payload_);
    found_.head := after_ + count_;
    found_.bytes := found_.bytes + length(payload_);
  END IF;
  UPDATE {runs} SET
    head = found_.head,
    bytes = found_.bytes,
    state = CASE WHEN ending = '' THEN 'running' ELSE ending END,
    lease = now_ + lease_ms,
    -- As long after its lease as after its end: no follower may be there to end it as lost.
    expires = now_ + keep_ms + CASE WHEN ending = '' THEN lease_ms ELSE 0 END
  WHERE id = id_ AND token = token_;
  IF count_ > 0 OR ending <> '' THEN PERFORM {run_tell}(token_); END IF;
  RETURN 'in';
END $body$;`;

/** Ends a record as lost. Returns the state of the run, and the rest of its lease. */
const LOSE = `
CREATE OR REPLACE FUNCTION {run_lose}(id_ text, token_ text, how text, OUT verdict text, OUT rest bigint)
LANGUAGE plpgsql AS $body$
DECLARE
  found_ {runs}%ROWTYPE;
  now_ bigint;
BEGIN
  SELECT * INTO found_ FROM {runs} WHERE id = id_ AND token = token_ FOR UPDATE;
  now_ := ${NOW_MS};
  rest := 0;
  IF found_.token IS NULL OR found_.expires <= now_ THEN
    verdict := 'gone';
  ELSIF found_.state <> 'running' THEN
    verdict := found_.state;
  ELSIF how = 'expired' AND found_.lease > now_ THEN
    verdict := 'in';
    rest := found_.lease - now_;
  ELSE
    verdict := 'lost';
    UPDATE {runs} SET state = 'lost', expires = now_ + keep_ms WHERE id = id_ AND token = token_;
    PERFORM {run_tell}(token_);
  END IF;
END $body$;`;

/** Deletes runs whose time is over, at most \`step\` of their rows at once. */
const FORGET = `
CREATE OR REPLACE FUNCTION {run_forget}(step integer) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM {run_events} WHERE (id, token, last) IN (
    SELECT e.id, e.token, e.last FROM {runs} AS r JOIN {run_events} AS e USING (id, token)
    WHERE r.expires <= ${NOW_MS} LIMIT step
  );
  DELETE FROM {runs} AS r WHERE expires <= ${NOW_MS}
    AND NOT EXISTS (SELECT FROM {run_events} AS e WHERE e.id = r.id AND e.token = r.token);
END $body$;`;

/** Ordered so that each function may call the ones before it. */
export const RUN_FUNCTIONS: readonly string[] = [TELL, LOSE, BEGIN, WRITE, FORGET];
