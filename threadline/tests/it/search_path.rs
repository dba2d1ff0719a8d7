//! Whatever a session puts into its search path, the audit functions mean PostgreSQL's own names, types and operators.

use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, TableName},
    policy::{ContextMode, TruncateMode},
};

use crate::support::{TestDb, run, sql::names};

/// A schema that shadows what the audit functions could mean. Whatever is called there leaves a trace.
const EVIL: &str = r#"
    CREATE SCHEMA evil; CREATE TABLE evil.hits (who text DEFAULT current_user, what text);
    GRANT ALL ON SCHEMA evil TO PUBLIC; GRANT ALL ON evil.hits TO PUBLIC;
    CREATE FUNCTION evil.hit(what pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO evil.hits (what) VALUES (what); RETURN true; END $$;
    CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.hit('type text'));
    CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.hit('type jsonb'));
    CREATE DOMAIN evil.timestamptz AS pg_catalog.timestamptz CHECK (evil.hit('type timestamptz'));
    CREATE DOMAIN evil.xid8 AS pg_catalog.xid8 CHECK (evil.hit('type xid8'));
    CREATE DOMAIN evil.int8 AS pg_catalog.int8 CHECK (evil.hit('type int8'));
    CREATE DOMAIN evil.regclass AS pg_catalog.regclass CHECK (evil.hit('type regclass'));
    CREATE TABLE evil.audit_changes (id int); CREATE TABLE evil.audit_transactions (id int); CREATE TABLE evil.pg_attribute (id int);
    DO $do$
    DECLARE v record; v_count int := 0;
    BEGIN
      FOR v IN SELECT p.*, pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result FROM pg_proc p
        WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND proargmodes IS NULL
          AND proname IN ('to_jsonb', 'jsonb_set', 'split_part', 'current_setting', 'set_config', 'clock_timestamp', 'now', 'pg_current_xact_id',
            'pg_current_xact_id_if_assigned', 'array_remove', 'strpos', 'octet_length', 'jsonb_typeof', 'encode', 'sha256', 'pg_sequence_last_value',
            'currval', 'jsonb_strip_nulls', 'format', 'row_to_json', 'regexp_replace', 'pg_trigger_depth', 'jsonb_hash_extended', 'hashtextextended',
            'pg_has_role', 'lower', 'date_trunc', 'generate_series', 'to_char', 'pg_get_userbyid', 'unnest', 'pg_partition_root', 'to_regclass')
          AND NOT ('"any"'::regtype = ANY (proargtypes)) LOOP
        EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', v.proname, v.arguments, v.result,
          format('BEGIN PERFORM evil.hit(%L); RETURN%s; END', v.oid::regprocedure, CASE WHEN v.proretset THEN '' ELSE ' NULL' END));
        v_count := v_count + 1;
      END LOOP;
      CREATE FUNCTION evil.format(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT evil.hit(''format'')::pg_catalog.text';
      CREATE FUNCTION evil.lower(name) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT evil.hit(''lower'')::pg_catalog.text';
      FOR v IN SELECT o.*, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result FROM pg_operator o
        WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprname IN ('=', '<>', '<', '>', '<=', '>=', '||', '-', '+', '->', '->>', '?', '?&', '@>', '~~', '&')
          AND oprleft::regtype::pg_catalog.text IN ('text', 'text[]', 'jsonb', 'xid', 'xid8', 'bigint', 'integer', 'smallint', 'name', 'oid', 'boolean', 'timestamp with time zone', 'anyarray', 'anycompatiblearray', 'record', '"char"')
          AND oprresult <> 0 LOOP
        EXECUTE format('CREATE FUNCTION evil.op_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', v.oid, v.l, v.r, v.result,
          format('BEGIN PERFORM evil.hit(%L); RETURN NULL; END', v.oprcode::pg_catalog.text));
        EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.op_%s)', v.oprname, v.l, v.r, v.oid);
        v_count := v_count + 1;
      END LOOP;
      IF v_count < 150 THEN
        RAISE EXCEPTION 'only % traps', v_count;
      END IF;
    END $do$;"#;

/// Tables are searched for types too, and the session's temporary ones first.
const TEMPORARY: &str = r#"CREATE TEMP TABLE "text" (a int); CREATE TEMP TABLE jsonb (a int); CREATE TEMP TABLE timestamptz (a int);
    CREATE TEMP TABLE xid8 (a int); CREATE TEMP TABLE int8 (a int); CREATE TEMP TABLE regclass (a int);
    CREATE TEMP TABLE audit_changes (id int); CREATE TEMP TABLE audit_transactions (id int); CREATE TEMP TABLE pg_attribute (id int);"#;

const WRITES: [&str; 9] = [
    "BEGIN",
    r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}, "request_id": "r", "meta": {"a": 1}}')"#,
    r#"INSERT INTO public.posts VALUES (1, 'a', 'secret', '{"a": "\u0000"}', 'null', '-0', 'later', 'secret')"#,
    "UPDATE public.posts SET title = 'b', contact = 'secret 2', score = '0', extra = 'changed', doc = NULL",
    "UPDATE public.posts SET id = 2",
    r#"SELECT threadline.record_action('{"name": "post.changed", "details": {"a": 1}}')"#,
    "SELECT threadline.set_context('{\"job_id\": \"j\"}'), threadline.current_transaction()",
    "TRUNCATE public.posts",
    "COMMIT",
];

const TRAIL: &str = "SELECT concat_ws(' ', c.op, c.table_pk, c.data_after, c.changed_fields, c.changed_from, c.exact,
      t.actor_id, t.request_id, t.job_id, t.meta, t.context_error, (SELECT string_agg(a.name || a.details, ',') FROM threadline.audit_actions a WHERE a.transaction_id = t.id))
    FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id ORDER BY c.captured_at, c.id";

/// What is captured of the same writes under a search path, with what else the session has set up.
async fn trail(first: &str, path: &str, temporary: bool, context: ContextMode) -> Vec<String> {
    let test = TestDb::new().await;
    test.run(EVIL).await;
    test.run("CREATE TABLE posts (id int PRIMARY KEY, title text, secret text, raw json, doc jsonb, score float8)")
        .await;
    test.capture(
        "posts",
        CapturePolicy {
            mask: names(&["secret"]),
            context,
            truncate: TruncateMode::Rows,
            ..CapturePolicy::default()
        },
    )
    .await;
    let (role, app) = test.login("IN ROLE threadline_writer").await;
    test.run(&format!(
        "ALTER TABLE posts RENAME secret TO contact; ALTER TABLE posts ADD extra text, ADD secret text; GRANT ALL ON posts TO {role}"
    ))
    .await;
    if temporary {
        run(&app, TEMPORARY).await;
    }
    run(&app, &format!("SET search_path = {path}")).await;
    run(&app, first).await;
    for sql in WRITES {
        run(&app, sql).await;
    }
    assert_eq!(
        test.all::<String>("SELECT DISTINCT who || ' ' || what FROM evil.hits")
            .await,
        Vec::<String>::new(),
        "{path}"
    );
    test.all(TRAIL).await
}

#[tokio::test]
async fn shadowed_names_types_and_operators_change_nothing_of_what_is_captured() {
    // What a session calls first decides how it understands the functions from then on.
    let first = [
        ("SELECT", ContextMode::Allow),
        ("SELECT", ContextMode::Require),
        (
            r#"SET threadline.context = '{"actor": {"type": "user", "id": "alice"}, "source": "s"}'; INSERT INTO public.posts VALUES (7); DELETE FROM public.posts"#,
            ContextMode::Require,
        ),
        (
            "INSERT INTO public.posts VALUES (7); DELETE FROM public.posts",
            ContextMode::Allow,
        ),
        ("TRUNCATE public.posts", ContextMode::Warn),
    ];
    for (first, context) in first {
        let clean = trail(first, "public", false, context).await;
        assert!(clean.len() >= 6, "{clean:#?}");
        assert!(
            clean.concat().contains(r#""contact": "[REDACTED]""#),
            "{clean:#?}"
        );
        assert!(!clean.concat().contains("secret 2"), "{clean:#?}");
        for (path, temporary) in [
            ("evil, pg_catalog, public", false),
            ("evil, pg_catalog", true),
            ("public, evil", true),
            ("pg_temp, evil, pg_catalog", true),
            ("''", true),
        ] {
            let found = trail(first, path, temporary, context).await;
            assert_eq!(found, clean, "{path}: {first}");
        }
    }
}

#[tokio::test]
async fn the_generated_texts_mean_the_same_under_every_search_path_and_leave_it_as_it_was() {
    let test = TestDb::new().await;
    test.run(EVIL).await;
    test.run("CREATE SCHEMA far; CREATE TABLE far.posts (id int PRIMARY KEY, secret text) PARTITION BY RANGE (id); CREATE TABLE far.posts_1 PARTITION OF far.posts DEFAULT")
        .await;
    let table = TableName::new("far", "posts").unwrap();
    let schema = SchemaName::new("audit_y").unwrap();
    let policy = CapturePolicy {
        mask: names(&["secret"]),
        truncate: TruncateMode::Rows,
        ..CapturePolicy::default()
    };
    let spec = codegen::introspect(&schema, &table, policy, &test.db)
        .await
        .unwrap();
    let base = codegen::base_schema(&schema);
    let capture = codegen::capture(&schema, &spec, None).unwrap();
    let session = test.pool(1).await;
    run(&session, "SET search_path = evil, pg_catalog, public").await;
    for sql in [&base.up, &base.up, &capture.up, &capture.up] {
        run(&session, sql).await;
    }
    run(
        &session,
        "INSERT INTO far.posts VALUES (1, 'a'); TRUNCATE far.posts",
    )
    .await;
    run(&session, &capture.down).await;
    run(
        &session,
        "SELECT pg_catalog.set_config('threadline.destroy_evidence', 'audit_y', false)",
    )
    .await;
    // Inside a transaction the path comes back too, not only at its end.
    run(
        &session,
        &format!(
            "BEGIN; {} DO $$ BEGIN IF pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) 'evil, pg_catalog, public' THEN
               RAISE EXCEPTION 'the search path is gone'; END IF; END $$; COMMIT",
            base.down
        ),
    )
    .await;
    assert_eq!(
        test.all::<String>("SELECT DISTINCT what FROM evil.hits")
            .await,
        Vec::<String>::new()
    );
    let left: i64 = test
        .one("SELECT count(*) FROM pg_namespace WHERE nspname = 'audit_y'")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_traps_of_these_tests_do_work() {
    let test = TestDb::new().await;
    test.run(EVIL).await;
    let session = test.pool(1).await;
    run(&session, "SET search_path = evil, pg_catalog; SELECT 1 = 1, 'a'::text || 'b', now(), format('%I', 'x'::pg_catalog.text)").await;
    let hits: i64 = test.one("SELECT count(*) FROM evil.hits").await;
    assert!(hits >= 4, "{hits}");
}
