-- Until the end of this text, names and operators mean those of PostgreSQL itself, whatever stands in other schemas.
SELECT pg_catalog.set_config('threadline.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
-- threadline: capture of posts, version 1
-- A capture function serves one table: under another table's policy a secret could reach the trail.
DO $threadline$
DECLARE
  v_other text;
BEGIN
  SELECT t.tgrelid::pg_catalog.regclass::text INTO v_other FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
   WHERE p.pronamespace = 'threadline'::pg_catalog.regnamespace AND p.proname = 'capture_posts_f34ccba0a7'
     AND coalesce(pg_catalog.pg_partition_root(t.tgrelid), t.tgrelid) <> '"public"."posts"'::pg_catalog.regclass
   LIMIT 1;
  IF v_other IS NOT NULL THEN
    RAISE EXCEPTION 'threadline: table % still uses the capture function of %', v_other, '"public"."posts"'
      USING HINT = 'It was renamed or copied. Drop its triggers named "00_threadline_audit_...", or generate its own first.';
  END IF;
  SELECT p.pronamespace::pg_catalog.regnamespace::text INTO v_other FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
   WHERE t.tgrelid = '"public"."posts"'::pg_catalog.regclass AND t.tgname = '00_threadline_audit_capture'
     AND p.pronamespace <> 'threadline'::pg_catalog.regnamespace;
  IF v_other IS NOT NULL THEN
    RAISE EXCEPTION 'threadline: table % is already captured by the audit schema %', '"public"."posts"', v_other
      USING HINT = 'One table has one trail. Drop its triggers named "00_threadline_audit_..." first.';
  END IF;
  -- A partition that was detached keeps the trigger that was made for it.
  FOR v_other IN SELECT t.tgrelid::pg_catalog.regclass::text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'threadline'::pg_catalog.regnamespace AND p.proname = 'truncate_posts_f34ccba0a7'
      AND coalesce(pg_catalog.pg_partition_root(t.tgrelid), t.tgrelid) <> '"public"."posts"'::pg_catalog.regclass LOOP
    EXECUTE 'DROP TRIGGER "00_threadline_audit_truncate" ON ' || v_other;
  END LOOP;
END $threadline$;

-- The body reads NEW and OLD through to_jsonb only, so that renaming, dropping or retyping a column can't make a write
-- fail. Every name and operator is qualified: a search_path of the session has no say.
CREATE OR REPLACE FUNCTION "threadline"."capture_posts_f34ccba0a7"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' AS $threadline$
DECLARE
  v_cache     pg_catalog.text := pg_catalog.current_setting('threadline.tx', true);
  v_xid       pg_catalog.text := pg_catalog.pg_current_xact_id()::pg_catalog.text;
  v_id        pg_catalog.text := pg_catalog.split_part(v_cache, ':', 2);
  v_at        pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  v_ended     pg_catalog.timestamptz;
  v_nested    pg_catalog.bool := pg_catalog.pg_trigger_depth() OPERATOR(pg_catalog.>) 1;
  v_tx        pg_catalog.int8;
  v_new       pg_catalog.jsonb;
  v_old       pg_catalog.jsonb;
  v_new_pk    pg_catalog.jsonb;
  v_old_pk    pg_catalog.jsonb;
  v_from      pg_catalog.jsonb;
  v_fields    pg_catalog.text[];
  v_exact     pg_catalog.jsonb;
  v_exact_old pg_catalog.jsonb;
  v_hidden    pg_catalog.text[];
  v_renamed   pg_catalog.bool := false;
BEGIN
  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    v_new := pg_catalog.to_jsonb(NEW);
    v_renamed := v_renamed OR NOT v_new OPERATOR(pg_catalog.?&) ARRAY['search_vector', 'author_email']::pg_catalog.text[];
    v_new := v_new OPERATOR(pg_catalog.-) ARRAY['search_vector']::pg_catalog.text[];
    v_old := pg_catalog.to_jsonb(OLD);
    v_renamed := v_renamed OR NOT v_old OPERATOR(pg_catalog.?&) ARRAY['search_vector', 'author_email']::pg_catalog.text[];
    v_old := v_old OPERATOR(pg_catalog.-) ARRAY['search_vector']::pg_catalog.text[];
    v_from := v_old OPERATOR(pg_catalog.-) ARRAY[
      CASE WHEN v_new OPERATOR(pg_catalog.->) 'id' OPERATOR(pg_catalog.=) (v_old OPERATOR(pg_catalog.->) 'id') THEN 'id' END,
      CASE WHEN v_new OPERATOR(pg_catalog.->) 'title' OPERATOR(pg_catalog.=) (v_old OPERATOR(pg_catalog.->) 'title') THEN 'title' END,
      CASE WHEN v_new OPERATOR(pg_catalog.->) 'slug' OPERATOR(pg_catalog.=) (v_old OPERATOR(pg_catalog.->) 'slug') THEN 'slug' END,
      CASE WHEN v_new OPERATOR(pg_catalog.->) 'author_email' OPERATOR(pg_catalog.=) (v_old OPERATOR(pg_catalog.->) 'author_email') THEN 'author_email' END,
      CASE WHEN v_new OPERATOR(pg_catalog.->) 'published_at' OPERATOR(pg_catalog.=) (v_old OPERATOR(pg_catalog.->) 'published_at') THEN 'published_at' END
    ]::pg_catalog.text[];
    v_fields := pg_catalog.array_remove(ARRAY[
      CASE WHEN v_from OPERATOR(pg_catalog.?) 'id' THEN 'id' END,
      CASE WHEN v_from OPERATOR(pg_catalog.?) 'title' THEN 'title' END,
      CASE WHEN v_from OPERATOR(pg_catalog.?) 'slug' THEN 'slug' END,
      CASE WHEN v_from OPERATOR(pg_catalog.?) 'author_email' THEN 'author_email' END,
      CASE WHEN v_from OPERATOR(pg_catalog.?) 'published_at' THEN 'published_at' END
    ]::pg_catalog.text[], NULL);
    IF v_from OPERATOR(pg_catalog.-) v_fields OPERATOR(pg_catalog.<>) '{}'::pg_catalog.jsonb THEN  -- columns that came after this function was generated
      v_from := coalesce((SELECT pg_catalog.jsonb_object_agg(e.key, e.value) FROM pg_catalog.jsonb_each(v_from) AS e
        WHERE e.key OPERATOR(pg_catalog.=) ANY (v_fields) OR ((v_new OPERATOR(pg_catalog.->) e.key)::pg_catalog.text OPERATOR(pg_catalog.=) e.value::pg_catalog.text) IS NOT TRUE), '{}');
      v_fields := v_fields OPERATOR(pg_catalog.||) ARRAY(SELECT k.key FROM pg_catalog.jsonb_object_keys(v_from OPERATOR(pg_catalog.-) v_fields) AS k(key));
    END IF;
    IF v_from OPERATOR(pg_catalog.=) '{}'::pg_catalog.jsonb THEN
      RETURN NULL;
    END IF;
    IF v_renamed OR v_new OPERATOR(pg_catalog.-) ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[] OPERATOR(pg_catalog.<>) '{}'::pg_catalog.jsonb THEN  -- not the columns that this function knows
      v_hidden := "threadline".hidden_columns(TG_RELID, ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[], ARRAY['search_vector', 'author_email']::pg_catalog.text[], TG_ARGV);
    END IF;
    v_new_pk := pg_catalog.jsonb_build_object('id', v_new OPERATOR(pg_catalog.->) 'id');
    IF v_new OPERATOR(pg_catalog.->) 'id' IS NULL THEN  -- a key column was renamed or dropped
      v_new_pk := coalesce("threadline".current_key(TG_RELID, v_new OPERATOR(pg_catalog.-) ARRAY['search_vector', 'author_email']::pg_catalog.text[] OPERATOR(pg_catalog.-) coalesce(v_hidden, ARRAY[]::pg_catalog.text[])), v_new_pk);
    END IF;
    v_old_pk := pg_catalog.jsonb_build_object('id', v_old OPERATOR(pg_catalog.->) 'id');
    IF v_old OPERATOR(pg_catalog.->) 'id' IS NULL THEN  -- a key column was renamed or dropped
      v_old_pk := coalesce("threadline".current_key(TG_RELID, v_old OPERATOR(pg_catalog.-) ARRAY['search_vector', 'author_email']::pg_catalog.text[] OPERATOR(pg_catalog.-) coalesce(v_hidden, ARRAY[]::pg_catalog.text[])), v_old_pk);
    END IF;
    v_new := pg_catalog.jsonb_set(v_new, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_new := "threadline".mask_columns(v_new, v_hidden);
    END IF;
    v_from := pg_catalog.jsonb_set(v_from, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_from := "threadline".mask_columns(v_from, v_hidden);
    END IF;
  ELSIF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
    v_new := pg_catalog.to_jsonb(NEW);
    v_renamed := v_renamed OR NOT v_new OPERATOR(pg_catalog.?&) ARRAY['search_vector', 'author_email']::pg_catalog.text[];
    v_new := v_new OPERATOR(pg_catalog.-) ARRAY['search_vector']::pg_catalog.text[];
    IF v_renamed OR v_new OPERATOR(pg_catalog.-) ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[] OPERATOR(pg_catalog.<>) '{}'::pg_catalog.jsonb THEN  -- not the columns that this function knows
      v_hidden := "threadline".hidden_columns(TG_RELID, ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[], ARRAY['search_vector', 'author_email']::pg_catalog.text[], TG_ARGV);
    END IF;
    v_new_pk := pg_catalog.jsonb_build_object('id', v_new OPERATOR(pg_catalog.->) 'id');
    IF v_new OPERATOR(pg_catalog.->) 'id' IS NULL THEN  -- a key column was renamed or dropped
      v_new_pk := coalesce("threadline".current_key(TG_RELID, v_new OPERATOR(pg_catalog.-) ARRAY['search_vector', 'author_email']::pg_catalog.text[] OPERATOR(pg_catalog.-) coalesce(v_hidden, ARRAY[]::pg_catalog.text[])), v_new_pk);
    END IF;
    v_new := pg_catalog.jsonb_set(v_new, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_new := "threadline".mask_columns(v_new, v_hidden);
    END IF;
  ELSE
    v_old := pg_catalog.to_jsonb(OLD);
    v_renamed := v_renamed OR NOT v_old OPERATOR(pg_catalog.?&) ARRAY['search_vector', 'author_email']::pg_catalog.text[];
    v_old := v_old OPERATOR(pg_catalog.-) ARRAY['search_vector']::pg_catalog.text[];
    IF v_renamed OR v_old OPERATOR(pg_catalog.-) ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[] OPERATOR(pg_catalog.<>) '{}'::pg_catalog.jsonb THEN  -- not the columns that this function knows
      v_hidden := "threadline".hidden_columns(TG_RELID, ARRAY['id', 'title', 'slug', 'author_email', 'published_at', 'search_vector']::pg_catalog.text[], ARRAY['search_vector', 'author_email']::pg_catalog.text[], TG_ARGV);
    END IF;
    v_old_pk := pg_catalog.jsonb_build_object('id', v_old OPERATOR(pg_catalog.->) 'id');
    IF v_old OPERATOR(pg_catalog.->) 'id' IS NULL THEN  -- a key column was renamed or dropped
      v_old_pk := coalesce("threadline".current_key(TG_RELID, v_old OPERATOR(pg_catalog.-) ARRAY['search_vector', 'author_email']::pg_catalog.text[] OPERATOR(pg_catalog.-) coalesce(v_hidden, ARRAY[]::pg_catalog.text[])), v_old_pk);
    END IF;
    v_old := pg_catalog.jsonb_set(v_old, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_old := "threadline".mask_columns(v_old, v_hidden);
    END IF;
  END IF;

  IF v_cache OPERATOR(pg_catalog.=) (v_xid OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_id OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.pg_sequence_last_value('"threadline".transaction_secret'::pg_catalog.regclass)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_xid OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) v_id, 'SQL_ASCII')), 'hex')) THEN
    v_tx := v_id::pg_catalog.int8;
  ELSE
    v_tx := "threadline".begin_transaction();
  END IF;
  -- A trigger may change a row before the row's own change is captured; what it captures is noted with the row versions.
  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    IF v_new_pk OPERATOR(pg_catalog.=) v_old_pk THEN
      IF NEW.xmax OPERATOR(pg_catalog.<>) '0'::pg_catalog.xid THEN  -- locked by this transaction, or no longer the newest version
    v_old := pg_catalog.jsonb_set(v_old, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_old := "threadline".mask_columns(v_old, v_hidden);
    END IF;
        v_at := coalesce("threadline".place_late(v_tx, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), v_new_pk, v_old, ARRAY[]::pg_catalog.text[], OLD.ctid, NEW.ctid, NULL), v_at);
      END IF;
    INSERT INTO "threadline".audit_changes
      (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, linked_pk, exact, partition_name, old_version, new_version)
    VALUES
      (v_tx, v_at, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'update', v_new_pk, v_new, v_fields, v_from, NULL, v_exact, NULL, CASE WHEN v_nested THEN OLD.ctid END, CASE WHEN v_nested THEN NEW.ctid END);
    ELSE  -- the record of the old key ends and the one of the new key begins; each names the other
    v_old := pg_catalog.jsonb_set(v_old, ARRAY['author_email']::pg_catalog.text[], '"[REDACTED]"', false);
    IF v_hidden IS NOT NULL THEN
      v_old := "threadline".mask_columns(v_old, v_hidden);
    END IF;
      IF NEW.xmax OPERATOR(pg_catalog.<>) '0'::pg_catalog.xid THEN
        v_at := coalesce("threadline".place_late(v_tx, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), v_new_pk, NULL, ARRAY[]::pg_catalog.text[], NULL, NEW.ctid, NULL), v_at);
      END IF;
      v_ended := least("threadline".place_late(v_tx, pg_catalog.jsonb_hash_extended(v_old_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), v_old_pk, v_old, ARRAY[]::pg_catalog.text[], OLD.ctid, NULL, OLD.xmin), v_at);
      PERFORM pg_catalog.set_config('threadline.key_taken', '1', true);
    INSERT INTO "threadline".audit_changes
      (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, linked_pk, exact, partition_name, old_version, new_version)
    VALUES
      (v_tx, v_ended, pg_catalog.jsonb_hash_extended(v_old_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'delete', v_old_pk, v_old, v_fields, NULL, v_new_pk, v_exact_old, NULL, CASE WHEN v_nested THEN OLD.ctid END, NULL);
    INSERT INTO "threadline".audit_changes
      (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, linked_pk, exact, partition_name, old_version, new_version)
    VALUES
      (v_tx, v_at, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'update', v_new_pk, v_new, v_fields, v_from, v_old_pk, v_exact, NULL, NULL, NEW.ctid);
    END IF;
  ELSIF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
    IF NEW.xmax OPERATOR(pg_catalog.<>) '0'::pg_catalog.xid THEN
      v_at := coalesce("threadline".place_late(v_tx, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), v_new_pk, NULL, ARRAY[]::pg_catalog.text[], NULL, NEW.ctid, NULL), v_at);
    END IF;
    IF v_nested THEN
      PERFORM pg_catalog.set_config('threadline.key_taken', '1', true);
    END IF;
    INSERT INTO "threadline".audit_changes
      (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, linked_pk, exact, partition_name, old_version, new_version)
    VALUES
      (v_tx, v_at, pg_catalog.jsonb_hash_extended(v_new_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'insert', v_new_pk, v_new, NULL, NULL, NULL, v_exact, NULL, NULL, CASE WHEN v_nested THEN NEW.ctid END);
  ELSE
    IF pg_catalog.current_setting('threadline.key_taken', true) OPERATOR(pg_catalog.<>) '' THEN
      v_at := coalesce("threadline".place_late(v_tx, pg_catalog.jsonb_hash_extended(v_old_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), v_old_pk, v_old, ARRAY[]::pg_catalog.text[], OLD.ctid, NULL, OLD.xmin), v_at);
    END IF;
    INSERT INTO "threadline".audit_changes
      (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, linked_pk, exact, partition_name, old_version, new_version)
    VALUES
      (v_tx, v_at, pg_catalog.jsonb_hash_extended(v_old_pk, pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'delete', v_old_pk, v_old, NULL, NULL, NULL, v_exact_old, NULL, CASE WHEN v_nested THEN OLD.ctid END, NULL);
  END IF;
  RETURN NULL;
END
$threadline$;

CREATE OR REPLACE FUNCTION "threadline"."truncate_posts_f34ccba0a7"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $threadline$
DECLARE
  v_tx     bigint;
  v_leaf   text := CASE WHEN pg_partition_root(TG_RELID) <> TG_RELID THEN format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) END;
BEGIN
  v_tx := coalesce("threadline".current_transaction(), "threadline".begin_transaction());
  INSERT INTO "threadline".audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, partition_name)
  VALUES (v_tx, clock_timestamp(), jsonb_hash_extended('{}', pg_catalog.hashtextextended('posts', pg_catalog.hashtextextended('public', 0))), 'public', 'posts', 'truncate', '{}', v_leaf);
  RETURN NULL;
END
$threadline$;

DO $threadline$
DECLARE
  v_item text;
BEGIN
  REVOKE ALL ON FUNCTION "threadline"."capture_posts_f34ccba0a7"(), "threadline"."truncate_posts_f34ccba0a7"() FROM PUBLIC;
  -- Whoever may execute it could make a trigger of his own with it, and forge changes.
  FOR v_item IN SELECT format('REVOKE ALL ON FUNCTION %s FROM %I', p.oid::pg_catalog.regprocedure, r.rolname)
    FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE p.pronamespace = 'threadline'::pg_catalog.regnamespace AND p.proname IN ('capture_posts_f34ccba0a7', 'truncate_posts_f34ccba0a7')
      AND a.grantee <> p.proowner LOOP
    EXECUTE v_item;
  END LOOP;
  IF coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'USAGE') AND CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN true ELSE pg_catalog.pg_has_role(current_user, r.oid, 'SET') END FROM pg_catalog.pg_roles r WHERE r.rolname = 'threadline_capture'), false) THEN
    GRANT CREATE ON SCHEMA "threadline" TO "threadline_capture";
    ALTER FUNCTION "threadline"."capture_posts_f34ccba0a7"() OWNER TO "threadline_capture";
    ALTER FUNCTION "threadline"."truncate_posts_f34ccba0a7"() OWNER TO "threadline_capture";
    REVOKE CREATE ON SCHEMA "threadline" FROM "threadline_capture";
  END IF;
END $threadline$;
COMMENT ON FUNCTION "threadline"."capture_posts_f34ccba0a7"() IS 'threadline:{"spec":{"name":{"schema":"public","table":"posts"},"key":["id"],"columns":[{"name":"id","kind":"plain"},{"name":"title","kind":"plain"},{"name":"slug","kind":"plain"},{"name":"author_email","kind":"plain"},{"name":"published_at","kind":"timestamptz"},{"name":"search_vector","kind":"plain"}],"partitioned":false,"policy":{"exclude":["search_vector"],"mask":["author_email"],"except":[],"store_changed_from":true,"primary_key":null,"context":"allow","truncate":"record"}},"body":"1903a475064b4e1d9b3adc67af66d51df864bc3a1905aa420c179a0393274071"}';

-- The name sorts before other triggers, so that changes are captured in the order in which they happen.
-- The arguments are the table's oid and the numbers of the redacted columns, which a rename does not change.
DO $threadline$
DECLARE
  v_arguments text := (SELECT format('%L, %L', '"public"."posts"'::pg_catalog.regclass::oid, jsonb_object_agg(a.attname, a.attnum)) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = '"public"."posts"'::pg_catalog.regclass AND a.attname = ANY (ARRAY['search_vector', 'author_email']::pg_catalog.text[]) AND NOT a.attisdropped);
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER "00_threadline_audit_capture" AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s(%s)',
    '"public"."posts"', '"threadline"."capture_posts_f34ccba0a7"', v_arguments);
  EXECUTE format('CREATE OR REPLACE TRIGGER "00_threadline_audit_truncate" BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s(%s)',
    '"public"."posts"', '"threadline"."truncate_posts_f34ccba0a7"', v_arguments);
END $threadline$;

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('threadline.search_path'), true);
