-- Until the end of this text, names and operators mean those of PostgreSQL itself, whatever stands in other schemas.
SELECT pg_catalog.set_config('threadline.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
-- threadline: roles, version 1
-- Everything belongs to the owner; the capture functions run as a role that can only add rows; the application reads
-- as reader and records intent as writer. Where this role may not create roles, everything stays with it, and the
-- health report says so.
DO $threadline$
DECLARE
  v_role text;
  v_name text;
BEGIN
  FOREACH v_name IN ARRAY ARRAY['threadline_owner', 'threadline_capture', 'threadline_reader', 'threadline_writer'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_name)
       AND (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', v_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- another database of the same cluster was faster
      END;
    END IF;
  END LOOP;
  -- To hand objects over, a role that is no superuser has to be a member.
  FOREACH v_role IN ARRAY ARRAY['threadline_owner', 'threadline_capture', 'threadline_writer'] LOOP
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role)
       AND NOT coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'USAGE') AND CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN true ELSE pg_catalog.pg_has_role(current_user, r.oid, 'SET') END FROM pg_catalog.pg_roles r WHERE r.rolname = v_role), false) THEN
      BEGIN
        EXECUTE format('GRANT %I TO CURRENT_USER', v_role);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE WARNING 'threadline: % is not a member of %; objects stay with %', current_user, v_role, current_user;
      END;
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'threadline_writer')
     AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'threadline_reader')
     AND NOT pg_catalog.pg_has_role('threadline_writer', 'threadline_reader', 'MEMBER') THEN
    BEGIN
      EXECUTE format('GRANT %I TO %I', 'threadline_reader', 'threadline_writer');
    EXCEPTION WHEN insufficient_privilege OR unique_violation THEN
      NULL;
    END;
  END IF;
END $threadline$;

-- threadline: tables, version 1
CREATE SCHEMA IF NOT EXISTS "threadline";

-- One row per database transaction that changed something. `xid` is information: it repeats after a restore into
-- another cluster, so it never identifies anything.
CREATE TABLE IF NOT EXISTS "threadline".audit_transactions (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid            xid8        NOT NULL,
  occurred_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
  actor_type     text,
  actor_id       text,
  request_id     text,
  correlation_id text,
  job_id         text,
  remote_ip      text,
  source         text,
  traceparent    text,
  meta           jsonb,
  context_error  text
);
-- "Everything of this correlation", "of this request", "of this actor", newest first.
CREATE INDEX IF NOT EXISTS audit_transactions_correlation_idx ON "threadline".audit_transactions (correlation_id, id) WHERE correlation_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_transactions_request_idx ON "threadline".audit_transactions (request_id, id) WHERE request_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_transactions_actor_idx ON "threadline".audit_transactions (actor_type, actor_id, id) WHERE actor_type IS NOT NULL;

-- Intent. It points to its transaction, not the other way round; several per transaction are fine.
CREATE TABLE IF NOT EXISTS "threadline".audit_actions (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id bigint      NOT NULL,
  name           text        NOT NULL,
  status         text        NOT NULL CHECK (status IN ('ok', 'error')),
  verb           text,
  category       text,
  reason         text,
  comment        text,
  actor_type     text        NOT NULL,
  actor_id       text,
  request_id     text,
  correlation_id text,
  job_id         text,
  details        jsonb,
  recorded_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
-- "The actions of these transactions", "the transactions of this action", newest first.
CREATE INDEX IF NOT EXISTS audit_actions_transaction_idx ON "threadline".audit_actions (transaction_id);
CREATE INDEX IF NOT EXISTS audit_actions_name_idx ON "threadline".audit_actions (name, transaction_id);

-- One row per change of a row. Fixed-width columns first. No foreign key and no check: both cost on every change, and
-- only the capture functions can insert.
CREATE TABLE IF NOT EXISTS "threadline".audit_changes (
  id             bigint      GENERATED ALWAYS AS IDENTITY,
  transaction_id bigint      NOT NULL,
  captured_at    timestamptz NOT NULL,
  row_key        bigint      NOT NULL,
  table_schema   text        NOT NULL,
  table_name     text        NOT NULL,
  op             text        NOT NULL,
  table_pk       jsonb       NOT NULL,
  data_after     jsonb,
  changed_fields text[],
  changed_from   jsonb,
  linked_pk      jsonb,
  exact          jsonb,
  partition_name text,
  -- The row versions, noted where a change may be captured out of order. They mean nothing after the statement.
  old_version    tid,
  new_version    tid,
  PRIMARY KEY (captured_at, id)
) PARTITION BY RANGE (captured_at);
-- History and as-of of a record; the drill-down of a transaction; the timeline of a table. The timeline of everything
-- walks the primary key.
CREATE INDEX IF NOT EXISTS audit_changes_row_idx ON "threadline".audit_changes (row_key, captured_at, id);
CREATE INDEX IF NOT EXISTS audit_changes_transaction_idx ON "threadline".audit_changes (transaction_id);
CREATE INDEX IF NOT EXISTS audit_changes_table_idx ON "threadline".audit_changes (table_name, captured_at, id);

-- The default partition must stay empty: it only keeps a write from failing when nobody made the month's partition.
CREATE TABLE IF NOT EXISTS "threadline".audit_changes_default PARTITION OF "threadline".audit_changes DEFAULT;

-- Its value is the secret behind the seal of the transaction cache. Only the capture functions may read it.
DO $threadline$
BEGIN
  IF pg_catalog.to_regclass('"threadline".transaction_secret') IS NULL THEN
    CREATE SEQUENCE "threadline".transaction_secret MINVALUE 1 NO CYCLE;
    PERFORM pg_catalog.setval('"threadline".transaction_secret'::regclass,
      1 + (('x' || pg_catalog.encode(pg_catalog.substring(pg_catalog.sha256(pg_catalog.convert_to(
        pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
        & 9223372036854775806));
  END IF;
END $threadline$;

-- threadline: row_key, version 1
-- Eight bytes that stand for schema, table and key, so that a key of any length can be indexed. Readers recheck the key.
CREATE OR REPLACE FUNCTION "threadline".row_key(p_schema text, p_table text, p_pk jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $threadline$
  SELECT pg_catalog.jsonb_hash_extended(p_pk, pg_catalog.hashtextextended(p_table, pg_catalog.hashtextextended(p_schema, 0)))
$threadline$;

-- threadline: append-only protection, version 1
-- Holds for the owner and for superusers too.
CREATE OR REPLACE FUNCTION "threadline".refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $threadline$
BEGIN
  RAISE EXCEPTION 'threadline: % on %.% is refused, the audit trail is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $threadline$;

-- A transaction's row may be completed by the same transaction, never changed.
CREATE OR REPLACE FUNCTION "threadline".refuse_transaction_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $threadline$
BEGIN
  IF OLD.xid = pg_current_xact_id_if_assigned() AND OLD.occurred_at = now()
     AND to_jsonb(NEW) - 'meta' @> jsonb_strip_nulls(to_jsonb(OLD) - 'meta')
     AND coalesce(NEW.meta, '{}') @> coalesce(OLD.meta, '{}') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'threadline: UPDATE on %.% is refused, the audit trail is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $threadline$;

CREATE OR REPLACE TRIGGER threadline_audit_append_only BEFORE UPDATE OR DELETE ON "threadline".audit_changes FOR EACH ROW EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON "threadline".audit_changes FOR EACH STATEMENT EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON "threadline".audit_changes_default FOR EACH STATEMENT EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_append_only BEFORE UPDATE OR DELETE ON "threadline".audit_actions FOR EACH ROW EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON "threadline".audit_actions FOR EACH STATEMENT EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_append_only BEFORE UPDATE ON "threadline".audit_transactions FOR EACH ROW EXECUTE FUNCTION "threadline".refuse_transaction_change();
CREATE OR REPLACE TRIGGER threadline_audit_no_delete BEFORE DELETE ON "threadline".audit_transactions FOR EACH ROW EXECUTE FUNCTION "threadline".refuse_change();
CREATE OR REPLACE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON "threadline".audit_transactions FOR EACH STATEMENT EXECUTE FUNCTION "threadline".refuse_change();

-- threadline: ensure_partitions, version 1
-- Makes the monthly partitions (UTC) from this month to `months_ahead` months later. Returns how many it made.
CREATE OR REPLACE FUNCTION "threadline".ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $threadline$
DECLARE
  v_from timestamptz;
  v_name text;
  v_role text;
  v_made integer := 0;
BEGIN
  IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 600 THEN
    RAISE EXCEPTION 'threadline: months_ahead must be between 0 and 600, not %', months_ahead USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR v_from IN SELECT generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => months_ahead), interval '1 month') LOOP
    v_name := to_char(v_from, '"audit_changes_"YYYY"_"MM');
    CONTINUE WHEN to_regclass(format('%I.%I', 'threadline', v_name)) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.audit_changes FOR VALUES FROM (%L) TO (%L)',
      'threadline', v_name, 'threadline', v_from, v_from + interval '1 month');
    EXECUTE format('CREATE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON %I.%I FOR EACH STATEMENT EXECUTE FUNCTION %I.refuse_change()',
      'threadline', v_name, 'threadline');
    -- Readers go through the parent; ALTER DEFAULT PRIVILEGES may have given the new partition to others.
    FOR v_role IN SELECT DISTINCT a.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) AS a
      WHERE c.oid = format('%I.%I', 'threadline', v_name)::regclass AND a.grantee NOT IN (0, c.relowner) LOOP
      EXECUTE format('REVOKE ALL ON %I.%I FROM %s', 'threadline', v_name, v_role);
    END LOOP;
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $threadline$;

-- threadline: read_context, version 1
-- Turns what the session says into fields that are safe to store and to index. A malformed context must not break the
-- user's write: what is wrong is left out and named in `context_error`.
CREATE OR REPLACE FUNCTION "threadline".read_context(p_text text) RETURNS "threadline".audit_transactions
LANGUAGE plpgsql STABLE AS $threadline$
DECLARE
  v_in     pg_catalog.jsonb;
  v_actor  pg_catalog.jsonb;
  v_type   pg_catalog.text;
  v_id     pg_catalog.text;
  v_errors pg_catalog.text := '';
  v_bad    pg_catalog.text := '<threadline: no such character>';
  v_out    "threadline".audit_transactions;
BEGIN
  IF p_text IS NULL OR p_text OPERATOR(pg_catalog.=) '' THEN
    RETURN v_out;
  END IF;
  BEGIN
    v_in := p_text::pg_catalog.jsonb;
  EXCEPTION WHEN OTHERS THEN
    BEGIN  -- escapes that stand for no character spoil the values that have them, not the rest
      v_in := pg_catalog.regexp_replace(p_text, E'(?<!\\\\)((?:\\\\\\\\)*)(?:\\\\u0000|\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F])|(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})\\\\u[dD][c-fC-F][0-9a-fA-F]{2})', E'\\1' OPERATOR(pg_catalog.||) v_bad, 'g')::pg_catalog.jsonb;
      v_errors := ' characters';
    EXCEPTION WHEN OTHERS THEN
      v_out.context_error := 'not valid JSON';
      RETURN v_out;
    END;
  END;
  IF pg_catalog.jsonb_typeof(v_in) OPERATOR(pg_catalog.<>) 'object' THEN
    v_out.context_error := 'not a JSON object';
    RETURN v_out;
  END IF;
  v_actor := v_in OPERATOR(pg_catalog.->) 'actor';
  IF v_actor IS NOT NULL AND v_actor OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    v_type := v_actor OPERATOR(pg_catalog.->>) 'type';
    v_id := v_actor OPERATOR(pg_catalog.->>) 'id';
    IF v_type OPERATOR(pg_catalog.=) 'anonymous' AND v_id IS NULL THEN
      v_out.actor_type := v_type;
    ELSIF v_type OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'admin', 'service_account', 'job', 'system']::pg_catalog.text[])
      AND pg_catalog.jsonb_typeof(v_actor OPERATOR(pg_catalog.->) 'id') OPERATOR(pg_catalog.=) 'string'
      AND v_id OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(v_id) OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_id, v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.actor_type := v_type;
      v_out.actor_id := v_id;
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' actor';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'request_id' AND v_in OPERATOR(pg_catalog.->) 'request_id' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'request_id') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'request_id' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'request_id') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'request_id', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.request_id := v_in OPERATOR(pg_catalog.->>) 'request_id';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' request_id';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'correlation_id' AND v_in OPERATOR(pg_catalog.->) 'correlation_id' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'correlation_id') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'correlation_id' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'correlation_id') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'correlation_id', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.correlation_id := v_in OPERATOR(pg_catalog.->>) 'correlation_id';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' correlation_id';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'job_id' AND v_in OPERATOR(pg_catalog.->) 'job_id' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'job_id') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'job_id' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'job_id') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'job_id', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.job_id := v_in OPERATOR(pg_catalog.->>) 'job_id';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' job_id';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'remote_ip' AND v_in OPERATOR(pg_catalog.->) 'remote_ip' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'remote_ip') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'remote_ip' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'remote_ip') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'remote_ip', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.remote_ip := v_in OPERATOR(pg_catalog.->>) 'remote_ip';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' remote_ip';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'source' AND v_in OPERATOR(pg_catalog.->) 'source' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'source') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'source' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'source') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'source', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.source := v_in OPERATOR(pg_catalog.->>) 'source';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' source';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'traceparent' AND v_in OPERATOR(pg_catalog.->) 'traceparent' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'traceparent') OPERATOR(pg_catalog.=) 'string' AND v_in OPERATOR(pg_catalog.->>) 'traceparent' OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'traceparent') OPERATOR(pg_catalog.<=) 256 AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'traceparent', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.traceparent := v_in OPERATOR(pg_catalog.->>) 'traceparent';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' traceparent';
    END IF;
  END IF;
  IF v_in OPERATOR(pg_catalog.?) 'meta' AND v_in OPERATOR(pg_catalog.->) 'meta' OPERATOR(pg_catalog.<>) 'null'::pg_catalog.jsonb THEN
    IF pg_catalog.jsonb_typeof(v_in OPERATOR(pg_catalog.->) 'meta') OPERATOR(pg_catalog.=) 'object' AND pg_catalog.octet_length(v_in OPERATOR(pg_catalog.->>) 'meta') OPERATOR(pg_catalog.<=) 65536
      AND pg_catalog.strpos(v_in OPERATOR(pg_catalog.->>) 'meta', v_bad) OPERATOR(pg_catalog.=) 0 THEN
      v_out.meta := v_in OPERATOR(pg_catalog.->) 'meta';
    ELSE
      v_errors := v_errors OPERATOR(pg_catalog.||) ' meta';
    END IF;
  END IF;
  IF v_errors OPERATOR(pg_catalog.<>) '' THEN
    v_out.context_error := 'refused:' OPERATOR(pg_catalog.||) v_errors;
  END IF;
  RETURN v_out;
END $threadline$;

-- threadline: recall_transaction, version 1
-- Finds this transaction's row after RESET ALL dropped the setting. A session that never had the setting has no row
-- (the setting then reads NULL). The sequence remembers per session the id it gave last, which is this transaction's if
-- xid and beginning match. A serializable transaction does not look: it would read what every other one writes, and they
-- would fail for one another.
CREATE OR REPLACE FUNCTION "threadline".recall_transaction(p_xid xid8) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $threadline$
DECLARE
  v_id pg_catalog.int8;
BEGIN
  IF pg_catalog.current_setting('threadline.tx', true) IS NULL OR pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) 'serializable' THEN
    RETURN NULL;
  END IF;
  BEGIN
    v_id := pg_catalog.currval('"threadline".audit_transactions_id_seq'::pg_catalog.regclass);
  EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RETURN NULL;
  END;
  RETURN (SELECT t.id FROM "threadline".audit_transactions t WHERE t.id OPERATOR(pg_catalog.=) v_id AND t.xid OPERATOR(pg_catalog.=) p_xid AND t.occurred_at OPERATOR(pg_catalog.=) pg_catalog.now());
END $threadline$;

-- threadline: own_transaction, version 1
-- This transaction's row. The setting `threadline.row` says where it lies: a look there leaves no trace for serializable
-- transactions, while one through the index would let all that write at the same time conflict with one another.
CREATE OR REPLACE FUNCTION "threadline".own_transaction(p_id bigint) RETURNS "threadline".audit_transactions
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $threadline$
DECLARE
  v_row text := current_setting('threadline.row', true);
  v_own "threadline".audit_transactions;
BEGIN
  IF v_row ~ '^[(][0-9]{1,9},[0-9]{1,4}[)]$' THEN
    SELECT * INTO v_own FROM "threadline".audit_transactions WHERE ctid = v_row::tid;
  END IF;
  IF v_own.id IS DISTINCT FROM p_id THEN
    SELECT * INTO v_own FROM "threadline".audit_transactions WHERE id = p_id;
  END IF;
  RETURN v_own;
END $threadline$;

-- threadline: begin_transaction, version 1
-- Gives the id of this transaction's row and makes the row where there is none. Runs once per transaction: afterwards
-- the setting `threadline.tx` holds `xid:id:seal`. It is local to the transaction, so a rollback to a savepoint takes the
-- row and the setting together. The seal keeps a session from writing another transaction's id into it.
CREATE OR REPLACE FUNCTION "threadline".begin_transaction() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $threadline$
DECLARE
  v_xid pg_catalog.xid8 := pg_catalog.pg_current_xact_id();
  v_id  pg_catalog.int8 := "threadline".recall_transaction(v_xid);
  v_row pg_catalog.tid;
  v_new "threadline".audit_transactions;
BEGIN
  IF v_id IS NULL THEN
    v_new := "threadline".read_context(pg_catalog.current_setting('threadline.context', true));
    INSERT INTO "threadline".audit_transactions
      (xid, actor_type, actor_id, request_id, correlation_id, job_id, remote_ip, source, traceparent, meta, context_error)
    VALUES
      (v_xid, v_new.actor_type, v_new.actor_id, v_new.request_id, v_new.correlation_id, v_new.job_id, v_new.remote_ip,
       v_new.source, v_new.traceparent, v_new.meta, v_new.context_error)
    RETURNING id, ctid INTO v_id, v_row;
    PERFORM pg_catalog.set_config('threadline.row', v_row::pg_catalog.text, true);
  END IF;
  PERFORM pg_catalog.set_config('threadline.tx', v_xid::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_id::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.pg_sequence_last_value('"threadline".transaction_secret'::pg_catalog.regclass)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_xid::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_id::pg_catalog.text, 'SQL_ASCII')), 'hex'), true);
  RETURN v_id;
END $threadline$;

-- threadline: current_transaction, version 1
-- The id of this transaction's row, or NULL while nothing was captured or recorded.
CREATE OR REPLACE FUNCTION "threadline".current_transaction() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_xid   xid8 := pg_current_xact_id_if_assigned();
  v_cache text := current_setting('threadline.tx', true);
  v_id    text := split_part(v_cache, ':', 2);
BEGIN
  IF v_xid IS NULL THEN
    RETURN NULL;
  END IF;
  IF v_cache = v_xid::text || ':' || v_id || ':' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.pg_sequence_last_value('"threadline".transaction_secret'::pg_catalog.regclass)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_xid::text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_id, 'SQL_ASCII')), 'hex') THEN
    RETURN v_id::bigint;
  END IF;
  RETURN "threadline".recall_transaction(v_xid);
END $threadline$;

-- threadline: set_context, version 1
-- Sets the context of this transaction; completes the transaction's row where changes came first. A transaction has
-- one context: a second one may add to it, not contradict it.
CREATE OR REPLACE FUNCTION "threadline".set_context(p_context text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_id    bigint := "threadline".current_transaction();
  v_begun text := extract(epoch FROM now())::text;
  v_new   "threadline".audit_transactions := "threadline".read_context(p_context);
  v_old   "threadline".audit_transactions;
  v_row   tid;
BEGIN
  IF v_new.context_error IS NOT NULL THEN
    RAISE EXCEPTION 'threadline: malformed context (%)', v_new.context_error USING ERRCODE = 'TL004';
  END IF;
  IF v_id IS NOT NULL THEN
    v_old := "threadline".own_transaction(v_id);
  ELSIF current_setting('threadline.context_begun', true) = v_begun THEN
    v_old := "threadline".read_context(current_setting('threadline.context', true));
  END IF;
  IF v_old.actor_type IS NOT NULL AND v_new.actor_type IS NOT NULL
     AND (v_old.actor_type, coalesce(v_old.actor_id, '')) <> (v_new.actor_type, coalesce(v_new.actor_id, '')) THEN
    RAISE EXCEPTION 'threadline: this transaction is already attributed to %, not to %',
      concat_ws(':', v_old.actor_type, v_old.actor_id), concat_ws(':', v_new.actor_type, v_new.actor_id)
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Do the work of another actor in a transaction of its own.';
  END IF;
  IF v_old.request_id <> v_new.request_id THEN
    RAISE EXCEPTION 'threadline: this transaction already has the request_id "%", not "%"', v_old.request_id, v_new.request_id
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.correlation_id <> v_new.correlation_id THEN
    RAISE EXCEPTION 'threadline: this transaction already has the correlation_id "%", not "%"', v_old.correlation_id, v_new.correlation_id
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.job_id <> v_new.job_id THEN
    RAISE EXCEPTION 'threadline: this transaction already has the job_id "%", not "%"', v_old.job_id, v_new.job_id
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.remote_ip <> v_new.remote_ip THEN
    RAISE EXCEPTION 'threadline: this transaction already has the remote_ip "%", not "%"', v_old.remote_ip, v_new.remote_ip
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.source <> v_new.source THEN
    RAISE EXCEPTION 'threadline: this transaction already has the source "%", not "%"', v_old.source, v_new.source
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.traceparent <> v_new.traceparent THEN
    RAISE EXCEPTION 'threadline: this transaction already has the traceparent "%", not "%"', v_old.traceparent, v_new.traceparent
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  IF v_old.meta || v_new.meta <> v_new.meta || v_old.meta THEN
    RAISE EXCEPTION 'threadline: this transaction already has other values in meta'
      USING ERRCODE = 'TL003', HINT = 'One transaction has one context. Open a transaction of its own.';
  END IF;
  v_new.actor_id := CASE WHEN v_new.actor_type IS NULL THEN v_old.actor_id ELSE v_new.actor_id END;
  v_new.actor_type := coalesce(v_new.actor_type, v_old.actor_type);
  v_new.request_id := coalesce(v_new.request_id, v_old.request_id);
  v_new.correlation_id := coalesce(v_new.correlation_id, v_old.correlation_id);
  v_new.job_id := coalesce(v_new.job_id, v_old.job_id);
  v_new.remote_ip := coalesce(v_new.remote_ip, v_old.remote_ip);
  v_new.source := coalesce(v_new.source, v_old.source);
  v_new.traceparent := coalesce(v_new.traceparent, v_old.traceparent);
  v_new.meta := coalesce(v_new.meta || v_old.meta, v_new.meta, v_old.meta);
  PERFORM set_config('threadline.context_begun', v_begun, true),
          set_config('threadline.context', jsonb_strip_nulls(jsonb_build_object(
            'actor', CASE WHEN v_new.actor_type IS NOT NULL THEN jsonb_build_object('type', v_new.actor_type, 'id', v_new.actor_id) END,
            'request_id', v_new.request_id, 'correlation_id', v_new.correlation_id, 'job_id', v_new.job_id,
            'remote_ip', v_new.remote_ip, 'source', v_new.source, 'traceparent', v_new.traceparent))::text, true);
  IF v_new.meta IS NOT NULL THEN
    PERFORM set_config('threadline.context', (current_setting('threadline.context')::jsonb || jsonb_build_object('meta', v_new.meta))::text, true);
  END IF;
  IF v_id IS NOT NULL THEN
    UPDATE "threadline".audit_transactions SET
      actor_type = v_new.actor_type, actor_id = v_new.actor_id, request_id = v_new.request_id, correlation_id = v_new.correlation_id,
      job_id = v_new.job_id, remote_ip = v_new.remote_ip, source = v_new.source, traceparent = v_new.traceparent, meta = v_new.meta
    WHERE id = v_id RETURNING ctid INTO v_row;
    PERFORM set_config('threadline.row', v_row::text, true);
  END IF;
  RETURN v_id;
END $threadline$;

-- threadline: record_action, version 1
-- Records intent in this transaction. What the action does not say itself comes from the transaction's context.
CREATE OR REPLACE FUNCTION "threadline".record_action(p_action jsonb) RETURNS SETOF "threadline".audit_actions
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_own "threadline".audit_transactions := "threadline".read_context((p_action - 'meta')::text);
  v_id  bigint;
  v_tx  "threadline".audit_transactions;
BEGIN
  IF v_own.context_error IS NOT NULL THEN
    RAISE EXCEPTION 'threadline: malformed action (%)', v_own.context_error USING ERRCODE = 'TL004';
  END IF;
  IF coalesce(p_action ->> 'name', '') = '' OR octet_length(p_action ->> 'name') > 256 THEN
    RAISE EXCEPTION 'threadline: an action needs a name of 1 to 256 bytes' USING ERRCODE = 'TL004';
  END IF;
  IF v_own.actor_type IS NOT NULL AND coalesce(current_setting('threadline.context', true), '') = '' THEN
    PERFORM "threadline".set_context((p_action - 'meta')::text);
  END IF;
  v_id := coalesce("threadline".current_transaction(), "threadline".begin_transaction());
  v_tx := "threadline".own_transaction(v_id);
  IF v_own.actor_type IS NULL AND v_tx.actor_type IS NULL THEN
    RAISE EXCEPTION 'threadline: action "%" has no actor', p_action ->> 'name'
      USING ERRCODE = 'TL001', HINT = 'Give the transaction a context with an actor, or name the actor of the action.';
  END IF;
  RETURN QUERY INSERT INTO "threadline".audit_actions
    (transaction_id, name, status, verb, category, reason, comment, actor_type, actor_id, request_id, correlation_id, job_id, details)
  VALUES (v_tx.id, p_action ->> 'name', coalesce(p_action ->> 'status', 'ok'), p_action ->> 'verb', p_action ->> 'category',
    p_action ->> 'reason', p_action ->> 'comment', coalesce(v_own.actor_type, v_tx.actor_type),
    CASE WHEN v_own.actor_type IS NULL THEN v_tx.actor_id ELSE v_own.actor_id END,
    coalesce(v_own.request_id, v_tx.request_id), coalesce(v_own.correlation_id, v_tx.correlation_id),
    coalesce(v_own.job_id, v_tx.job_id), p_action -> 'details')
  RETURNING *;
END $threadline$;

-- threadline: exact_values, version 1
-- The texts of those values that a jsonb image can't carry: a `json` value with its formatting, the JSON null of a jsonb
-- column beside SQL NULL, the sign of a floating-point zero, and types whose JSON form can't be read back.
CREATE OR REPLACE FUNCTION "threadline".exact_values(p_row anyelement, p_image jsonb, p_floats text[], p_jsons text[], p_jsonbs text[], p_texts text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET intervalstyle = 'postgres' SET datestyle = 'ISO, YMD' SET timezone = 'UTC' SET bytea_output = 'hex' AS $threadline$
DECLARE
  v_names text[];
  v_texts text[];
  v_list  text;
BEGIN
  -- Only what the row has at this moment: a column may be gone since the capture function was generated.
  SELECT array_agg(n.name), string_agg(format('($1).%I::text', n.name), ', ') INTO v_names, v_list
    FROM unnest(p_floats || p_jsons || p_jsonbs || p_texts) AS n(name) WHERE p_image ? n.name;
  IF v_list IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT ARRAY[%s]', v_list) INTO v_texts USING p_row;
  RETURN (SELECT jsonb_object_agg(v.name, v.value) FROM unnest(v_names, v_texts) AS v(name, value)
    WHERE v.value IS NOT NULL AND CASE
      WHEN v.name = ANY (p_floats) THEN v.value = '-0' OR v.value ~ '[{,]-0[,}]'
      WHEN v.name = ANY (p_jsonbs) THEN v.value = 'null'
      ELSE true END);
END $threadline$;

-- threadline: row_image, version 1
-- The image of a row whose `json` values may be none for jsonb. An escaped NUL is kept as the text of the escape. Where
-- that does not help (half of a surrogate pair, a number out of range), such columns are in the image as text. The exact
-- text goes beside the image.
CREATE OR REPLACE FUNCTION "threadline".row_image(p_row anyelement) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_image jsonb;
BEGIN
  RETURN to_jsonb(p_row);
EXCEPTION WHEN data_exception THEN
  BEGIN
    RETURN regexp_replace(row_to_json(p_row)::text, E'(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', E'\\1\\\\\\\\u0000', 'g')::jsonb;
  EXCEPTION WHEN data_exception THEN
    EXECUTE (SELECT format('SELECT to_jsonb(r) FROM (SELECT %s) AS r', string_agg(format(
        CASE WHEN a.atttypid = 'json'::regtype OR t.typtype <> 'b' OR t.typelem <> 0 THEN '($1).%1$I::text AS %1$I' ELSE '($1).%1$I' END, a.attname), ', ' ORDER BY a.attnum))
      FROM pg_type r JOIN pg_attribute a ON a.attrelid = r.typrelid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
      WHERE r.oid = pg_typeof(p_row)) INTO v_image USING p_row;
    RETURN v_image;
  END;
END $threadline$;

-- threadline: place_late, version 1
-- A trigger of one row may change another row of the same statement before that row's own change is captured, and one
-- statement may give a key away after another row took it. Such a late capture belongs before what was captured
-- already. Gives the instant to record, or NULL when the order is right. Without an old version a record of the key
-- begins, without a new version it ends. Only what this statement of the client captured counts.
CREATE OR REPLACE FUNCTION "threadline".place_late(p_transaction bigint, p_row_key bigint, p_pk jsonb, p_before jsonb, p_ignored text[], p_old_version tid, p_new_version tid, p_created xid) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_last record;
  v_next timestamptz;
BEGIN
  IF p_new_version IS NULL THEN
    -- Late if another row has begun under the key: while the audit still has this one alive, or, where the audit does
    -- not know this one, if what began is neither this version nor looks like it.
    SELECT c.captured_at INTO v_next FROM "threadline".audit_changes c
     WHERE c.row_key = p_row_key AND c.captured_at >= statement_timestamp() AND c.transaction_id = p_transaction AND c.table_pk = p_pk
       AND (c.op = 'insert' OR c.op = 'update' AND c.linked_pk IS NOT NULL)
       AND NOT EXISTS (SELECT FROM "threadline".audit_changes o
              WHERE o.row_key = p_row_key AND o.captured_at >= c.captured_at AND o.transaction_id = p_transaction AND o.table_pk = p_pk
                AND o.new_version = p_old_version)
       AND coalesce((SELECT p.op <> 'delete' AND NOT EXISTS (SELECT FROM "threadline".audit_changes m
                 WHERE m.row_key = "threadline".row_key(c.table_schema, c.table_name, '{}') AND m.op = 'truncate'
                   AND m.table_schema = c.table_schema AND m.table_name = c.table_name
                   AND (m.captured_at, m.id) > (p.captured_at, p.id) AND (m.captured_at, m.id) < (c.captured_at, c.id))
               FROM "threadline".audit_changes p
              WHERE p.row_key = p_row_key AND p.table_pk = p_pk AND p.table_schema = c.table_schema AND p.table_name = c.table_name
                AND (p.captured_at, p.id) < (c.captured_at, c.id)
              ORDER BY p.captured_at DESC, p.id DESC LIMIT 1),
             c.new_version IS NOT NULL AND (c.data_after - p_ignored <> p_before - p_ignored OR p_created <> pg_current_xact_id()::xid))
     ORDER BY c.captured_at, c.id LIMIT 1;
    RETURN v_next - interval '1 microsecond';
  END IF;
  SELECT c.captured_at INTO v_next FROM "threadline".audit_changes c
   WHERE c.row_key = p_row_key AND c.captured_at >= statement_timestamp() AND c.transaction_id = p_transaction AND c.table_pk = p_pk
     AND c.old_version = p_new_version;
  IF FOUND THEN
    RETURN v_next - interval '1 microsecond';
  END IF;
  -- The chain of versions does not decide where an update in between was not recorded: the images do.
  SELECT c.op, c.data_after - p_ignored AS after, c.old_version, c.new_version INTO v_last FROM "threadline".audit_changes c
   WHERE c.row_key = p_row_key AND c.captured_at >= statement_timestamp() AND c.transaction_id = p_transaction AND c.table_pk = p_pk
   ORDER BY c.captured_at DESC, c.id DESC LIMIT 1;
  IF NOT FOUND OR (CASE WHEN p_old_version IS NULL THEN v_last.op = 'delete' OR coalesce(v_last.old_version, v_last.new_version) IS NULL
       ELSE v_last.new_version = p_old_version OR v_last.op <> 'delete' AND v_last.after = p_before - p_ignored END) THEN
    RETURN NULL;
  END IF;
  SELECT min(c.captured_at) INTO v_next FROM "threadline".audit_changes c
   WHERE c.row_key = p_row_key AND c.captured_at >= statement_timestamp() AND c.transaction_id = p_transaction AND c.table_pk = p_pk
     AND c.captured_at > coalesce((SELECT max(p.captured_at) FROM "threadline".audit_changes p
       WHERE p.row_key = p_row_key AND p.captured_at >= statement_timestamp() AND p.transaction_id = p_transaction AND p.table_pk = p_pk
         AND p.op <> 'delete' AND p.data_after - p_ignored = p_before - p_ignored), '-infinity');
  RETURN v_next - interval '1 microsecond';
END $threadline$;

-- threadline: hidden_columns, version 1
-- The columns that hold what a redaction policy names by other names, because they were renamed after the capture
-- function was generated. `p_then` holds the table's oid and the column numbers of that time: a rename keeps the number, a
-- new column gets a higher one. After a restore from a dump the oid is another one and the numbers mean nothing. In doubt
-- every column that the function does not know is hidden.
CREATE OR REPLACE FUNCTION "threadline".hidden_columns(p_table oid, p_known text[], p_redacted text[], p_then text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_root   oid := coalesce(pg_partition_root(p_table), p_table);
  v_then   jsonb := CASE WHEN p_then[0] = v_root::text THEN p_then[1] END;
  v_hidden text[];
  v_name   text;
  v_number integer;
  v_now    integer;
  v_holder record;
BEGIN
  FOREACH v_name IN ARRAY p_redacted LOOP
    v_number := (v_then ->> v_name)::integer;
    v_now := (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = v_root AND a.attname = v_name AND NOT a.attisdropped);
    CONTINUE WHEN v_now = coalesce(v_number, v_now);
    SELECT a.attname::text AS name, a.attisdropped INTO v_holder FROM pg_attribute a WHERE a.attrelid = v_root AND a.attnum = v_number;
    IF v_holder.attisdropped THEN
      CONTINUE;
    ELSIF v_holder.name IS NOT NULL THEN
      v_hidden := v_hidden || v_holder.name;
    ELSIF v_now IS NULL THEN
      v_hidden := v_hidden || ARRAY(SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = v_root AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (p_known));
    END IF;
  END LOOP;
  RETURN v_hidden;
END $threadline$;

-- threadline: mask_columns, version 1
-- Replaces the values of these columns, where the image has them.
CREATE OR REPLACE FUNCTION "threadline".mask_columns(p_image jsonb, p_names text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $threadline$
  SELECT p_image || coalesce((SELECT jsonb_object_agg(n.name, '[REDACTED]') FROM unnest(p_names) AS n(name) WHERE p_image ? n.name), '{}')
$threadline$;

-- threadline: current_key, version 1
-- The key of a row by the primary key that the table has now, because the one that the capture function knows was renamed.
CREATE OR REPLACE FUNCTION "threadline".current_key(p_table oid, p_image jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $threadline$
  SELECT jsonb_object_agg(a.attname, p_image -> a.attname::text)
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
   WHERE i.indrelid = coalesce(pg_partition_root(p_table), p_table) AND i.indisprimary
$threadline$;

-- threadline: table_ref, version 1
-- The schema and name under which changes of a table are recorded: those of its partition root.
CREATE OR REPLACE FUNCTION "threadline".table_ref(p_name text, OUT table_schema text, OUT table_name text)
LANGUAGE sql STABLE AS $threadline$
  SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
   WHERE c.oid OPERATOR(pg_catalog.=) coalesce(pg_catalog.pg_partition_root(p_name::pg_catalog.regclass), p_name::pg_catalog.regclass)
$threadline$;

-- threadline: row_ref, version 1
-- How a record is referred to in the trail: the key values pass through the column types, as they did when captured.
-- Only the key's own columns take part: a row without the others may break the rules of a domain.
CREATE OR REPLACE FUNCTION "threadline".row_ref(p_proto anyelement, p_name text, p_key jsonb, OUT row_key bigint, OUT marker_key bigint, OUT table_schema text, OUT table_name text, OUT table_pk jsonb)
LANGUAGE plpgsql STABLE SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1 SET bytea_output = 'hex' AS $threadline$
DECLARE
  v_columns pg_catalog.text := (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ')
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.typrelid
    WHERE t.oid OPERATOR(pg_catalog.=) pg_catalog.pg_typeof(p_proto) AND p_key OPERATOR(pg_catalog.?) a.attname::pg_catalog.text AND NOT a.attisdropped);
  v_image   pg_catalog.jsonb := '{}';
BEGIN
  SELECT t.table_schema, t.table_name INTO table_schema, table_name FROM "threadline".table_ref(p_name) AS t;
  IF v_columns IS NOT NULL THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.to_jsonb(r) FROM pg_catalog.jsonb_to_record($1) AS r(%s)', v_columns) INTO v_image USING p_key;
  END IF;
  table_pk := (SELECT pg_catalog.jsonb_object_agg(e.key, v_image OPERATOR(pg_catalog.->) e.key) FROM pg_catalog.jsonb_each(p_key) AS e);
  row_key := "threadline".row_key(table_schema, table_name, table_pk);
  marker_key := "threadline".row_key(table_schema, table_name, '{}');
END $threadline$;

-- threadline: ownership and privileges, version 1
DO $threadline$
DECLARE
  v_owner   boolean := coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'USAGE') AND CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN true ELSE pg_catalog.pg_has_role(current_user, r.oid, 'SET') END FROM pg_catalog.pg_roles r WHERE r.rolname = 'threadline_owner'), false);
  v_capture boolean := coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'USAGE') AND CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN true ELSE pg_catalog.pg_has_role(current_user, r.oid, 'SET') END FROM pg_catalog.pg_roles r WHERE r.rolname = 'threadline_capture'), false);
  v_reader  boolean := EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'threadline_reader');
  v_writer  boolean := EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'threadline_writer');
  v_item    text;
BEGIN
  EXECUTE 'REVOKE ALL ON SCHEMA "threadline" FROM PUBLIC';
  EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA "threadline" FROM PUBLIC';
  EXECUTE 'REVOKE ALL ON ALL SEQUENCES IN SCHEMA "threadline" FROM PUBLIC';
  EXECUTE 'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA "threadline" FROM PUBLIC';
  -- ALTER DEFAULT PRIVILEGES may have given new objects to others. To read may be meant, to write never is.
  FOR v_item IN
    SELECT pg_catalog.format('REVOKE CREATE ON SCHEMA "threadline" FROM %I', r.rolname)
      FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE n.nspname = 'threadline' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner AND r.rolname <> 'threadline_owner'
    UNION SELECT pg_catalog.format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE %s FROM %I', c.oid::pg_catalog.regclass, r.rolname)
      FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE c.relnamespace = 'threadline'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p') AND a.privilege_type <> 'SELECT'
       AND a.grantee <> c.relowner AND r.rolname NOT IN ('threadline_owner', 'threadline_capture')
    UNION SELECT pg_catalog.format('REVOKE ALL ON SEQUENCE %s FROM %I', c.oid::pg_catalog.regclass, r.rolname)
      FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE c.relnamespace = 'threadline'::pg_catalog.regnamespace AND c.relkind = 'S'
       AND a.grantee <> c.relowner AND r.rolname NOT IN ('threadline_owner', 'threadline_capture')
    UNION SELECT pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM %I', p.oid::pg_catalog.regprocedure, r.rolname)
      FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE p.pronamespace = 'threadline'::pg_catalog.regnamespace
       AND p.proname NOT IN ('set_context', 'record_action', 'current_transaction', 'row_key', 'table_ref', 'row_ref')
       AND a.grantee <> p.proowner AND r.rolname NOT IN ('threadline_owner', 'threadline_capture') LOOP
    EXECUTE v_item;
  END LOOP;
  IF v_owner THEN
    EXECUTE 'GRANT USAGE, CREATE ON SCHEMA "threadline" TO "threadline_owner"';
    FOR v_item IN SELECT pg_catalog.format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass)
      FROM pg_catalog.pg_class c WHERE c.relnamespace = 'threadline'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'S')
       AND pg_catalog.pg_get_userbyid(c.relowner) = current_user
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i' AND c.relkind = 'S') LOOP
      EXECUTE 'ALTER ' || v_item || ' OWNER TO "threadline_owner"';
    END LOOP;
    FOR v_item IN SELECT p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc p
      WHERE p.pronamespace = 'threadline'::pg_catalog.regnamespace AND pg_catalog.pg_get_userbyid(p.proowner) = current_user
       AND p.proname NOT LIKE 'capture\_%' AND p.proname NOT LIKE 'truncate\_%' LOOP
      EXECUTE 'ALTER FUNCTION ' || v_item || ' OWNER TO "threadline_owner"';
    END LOOP;
  END IF;
  IF v_capture THEN
    EXECUTE 'GRANT USAGE, CREATE ON SCHEMA "threadline" TO "threadline_capture"';
    EXECUTE 'GRANT INSERT, SELECT ON "threadline".audit_changes, "threadline".audit_transactions TO "threadline_capture"';
    EXECUTE 'GRANT SELECT ON SEQUENCE "threadline".transaction_secret, "threadline".audit_transactions_id_seq TO "threadline_capture"';
    EXECUTE 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "threadline" TO "threadline_capture"';
    EXECUTE 'REVOKE EXECUTE ON FUNCTION "threadline".set_context(text), "threadline".record_action(jsonb), "threadline".ensure_partitions(integer) FROM "threadline_capture"';
    FOREACH v_item IN ARRAY ARRAY['begin_transaction()', 'recall_transaction(xid8)', 'current_transaction()', 'place_late(bigint, bigint, jsonb, jsonb, text[], tid, tid, xid)'] LOOP
      EXECUTE 'ALTER FUNCTION "threadline".' || v_item || ' OWNER TO "threadline_capture"';
    END LOOP;
    EXECUTE 'REVOKE CREATE ON SCHEMA "threadline" FROM "threadline_capture"';
    IF v_owner THEN
      EXECUTE 'GRANT EXECUTE ON FUNCTION "threadline".begin_transaction(), "threadline".current_transaction() TO "threadline_owner"';
    END IF;
  END IF;
  IF v_reader THEN
    EXECUTE 'GRANT USAGE ON SCHEMA "threadline" TO "threadline_reader"';
    EXECUTE 'GRANT SELECT ON "threadline".audit_transactions, "threadline".audit_actions, "threadline".audit_changes TO "threadline_reader"';
    EXECUTE 'GRANT EXECUTE ON FUNCTION "threadline".row_key(text, text, jsonb), "threadline".table_ref(text), "threadline".row_ref(anyelement, text, jsonb) TO "threadline_reader"';
  END IF;
  IF v_writer THEN
    EXECUTE 'GRANT USAGE ON SCHEMA "threadline" TO "threadline_writer"';
    EXECUTE 'GRANT EXECUTE ON FUNCTION "threadline".set_context(text), "threadline".record_action(jsonb), "threadline".current_transaction() TO "threadline_writer"';
  END IF;
END $threadline$;

SELECT "threadline".ensure_partitions(12);

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('threadline.search_path'), true);
