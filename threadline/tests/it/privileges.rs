//! Who may do what with the trail.

use crate::support::{
    TestDb, rows, run,
    sql::{forbidden, refused},
};

const CONTEXT: &str = r#"{"actor": {"type": "user", "id": "alice"}}"#;

async fn posts() -> TestDb {
    TestDb::with_tables(
        "CREATE TABLE posts (id serial PRIMARY KEY, title text)",
        &["posts"],
    )
    .await
}

/// What a role may do with the objects of the audit schema, worked out by PostgreSQL.
async fn rights(test: &TestDb, role: &str) -> Vec<String> {
    test.all(&format!(
        "SELECT c.relname || ' ' || p.word FROM pg_class c, unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) AS p(word)
          WHERE c.relnamespace = 'threadline'::regnamespace AND c.relkind IN ('r', 'p') AND has_table_privilege('{role}', c.oid, p.word)
         UNION ALL SELECT c.relname || ' ' || p.word FROM pg_class c, unnest(ARRAY['USAGE','SELECT','UPDATE']) AS p(word)
          WHERE c.relnamespace = 'threadline'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege('{role}', c.oid, p.word)
         UNION ALL SELECT proname || '()' FROM pg_proc
          WHERE pronamespace = 'threadline'::regnamespace AND has_function_privilege('{role}', oid, 'EXECUTE')
         UNION ALL SELECT 'schema ' || p.word FROM unnest(ARRAY['USAGE','CREATE']) AS p(word) WHERE has_schema_privilege('{role}', 'threadline', p.word)
         ORDER BY 1"
    ))
    .await
}

/// What nobody may do, whatever was granted.
fn forbidden_to_all() -> Vec<&'static str> {
    vec![
        "INSERT INTO threadline.audit_changes DEFAULT VALUES",
        "INSERT INTO threadline.audit_changes_default DEFAULT VALUES",
        "INSERT INTO threadline.audit_transactions (xid) VALUES ('1')",
        "INSERT INTO threadline.audit_actions DEFAULT VALUES",
        "UPDATE threadline.audit_changes SET op = 'insert'",
        "UPDATE threadline.audit_transactions SET actor_id = 'eve'",
        "DELETE FROM threadline.audit_changes",
        "DELETE FROM threadline.audit_actions",
        "TRUNCATE threadline.audit_changes",
        "TRUNCATE threadline.audit_transactions",
        "DROP TABLE threadline.audit_changes",
        "ALTER TABLE threadline.audit_changes DISABLE TRIGGER ALL",
        "CREATE TABLE threadline.mine (id int)",
        "SELECT threadline.begin_transaction(false)",
        "SELECT threadline.recall_transaction('1')",
        "SELECT threadline.read_context('{}')",
        "SELECT threadline.ensure_partitions(13)",
        "SELECT threadline.exact_values(1, '{}', '{}', '{}', '{}', '{}')",
        "SELECT nextval('threadline.transaction_secret')",
        "SELECT setval('threadline.transaction_secret', 1)",
        "SELECT currval('threadline.audit_transactions_id_seq')",
        "SELECT nextval('threadline.audit_changes_id_seq')",
        "SELECT last_value FROM threadline.transaction_secret",
        "SET ROLE threadline_owner",
        "SET ROLE threadline_capture",
    ]
}

#[tokio::test]
async fn a_role_without_any_grant_is_captured_and_can_not_touch_the_trail() {
    let test = posts().await;
    let (role, app) = test.login("").await;
    test.run(&format!(
        "GRANT ALL ON posts TO {role}; GRANT USAGE ON SEQUENCE posts_id_seq TO {role}"
    ))
    .await;
    run(&app, "INSERT INTO posts (title) VALUES ('a'), ('b'); UPDATE posts SET title = 'c' WHERE id = 1; DELETE FROM posts WHERE id = 2; TRUNCATE posts")
        .await;
    assert_eq!(
        test.changes().await,
        [
            r#"posts insert {"id": 1}"#,
            r#"posts insert {"id": 2}"#,
            r#"posts update {"id": 1} title"#,
            r#"posts delete {"id": 2}"#,
            "posts truncate {}",
        ]
    );
    forbidden(&app, &forbidden_to_all()).await;
    forbidden(
        &app,
        &[
            "SELECT FROM threadline.audit_changes",
            "SELECT threadline.set_context('{}')",
            "SELECT threadline.record_action('{}')",
            "SELECT threadline.current_transaction()",
        ],
    )
    .await;
    assert_eq!(rights(&test, &role).await, Vec::<String>::new());
    // Without the schema, by number.
    let secret: i64 = test
        .one("SELECT 'threadline.transaction_secret'::regclass::bigint")
        .await;
    let capture: String = test
        .one("SELECT tgfoid::regproc::text FROM pg_trigger WHERE tgname = '00_threadline_audit_capture'")
        .await;
    forbidden(
        &app,
        &[
            &format!("SELECT setval({secret}::regclass, 1)"),
            &format!("SELECT {capture}()"),
        ],
    )
    .await;
    run(&app, "CREATE TEMP TABLE mine (id int)").await;
    forbidden(
        &app,
        &[&format!(
            "CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION {capture}()"
        )],
    )
    .await;
}

#[tokio::test]
async fn a_reader_may_read_and_nothing_else() {
    let test = posts().await;
    let (role, app) = test.login("IN ROLE threadline_reader").await;
    assert_eq!(
        rights(&test, &role).await,
        [
            "audit_actions SELECT",
            "audit_changes SELECT",
            "audit_evidence SELECT",
            "audit_export_jobs SELECT",
            "audit_horizons SELECT",
            "audit_retention_runs SELECT",
            "audit_saved_views SELECT",
            "audit_transactions SELECT",
            "examine_changes()",
            "examine_transactions()",
            "list_partitions()",
            "retention_rules()",
            "row_key()",
            "row_ref()",
            "schema USAGE",
            "table_ref()",
            "what_ends()",
            "what_stays()",
        ]
    );
    run(&app, "SELECT FROM threadline.audit_changes, threadline.audit_actions, threadline.audit_transactions").await;
    forbidden(&app, &forbidden_to_all()).await;
    forbidden(&app, &["SELECT threadline.set_context('{}')"]).await;
}

#[tokio::test]
async fn a_writer_may_name_its_context_and_its_actions_and_read() {
    let test = posts().await;
    let (role, app) = test.login("IN ROLE threadline_writer").await;
    assert_eq!(
        rights(&test, &role).await,
        [
            "audit_actions SELECT",
            "audit_changes SELECT",
            "audit_evidence SELECT",
            "audit_export_jobs SELECT",
            "audit_horizons SELECT",
            "audit_retention_runs SELECT",
            "audit_saved_views SELECT",
            "audit_transactions SELECT",
            "claim_export()",
            "complete_export()",
            "current_transaction()",
            "delete_view()",
            "enqueue_export()",
            "examine_changes()",
            "examine_transactions()",
            "expire_export()",
            "fail_export()",
            "heartbeat_export()",
            "list_partitions()",
            "record_action()",
            "record_evidence()",
            "retention_rules()",
            "row_key()",
            "row_ref()",
            "save_view()",
            "schema USAGE",
            "set_context()",
            "table_ref()",
            "what_ends()",
            "what_stays()",
        ]
    );
    run(
        &app,
        &format!(
            "BEGIN; SELECT threadline.set_context('{CONTEXT}'); SELECT threadline.record_action('{{\"name\": \"report.viewed\"}}'); COMMIT"
        ),
    )
    .await;
    let action: String = test
        .one("SELECT concat_ws(' ', a.name, a.actor_id, t.actor_id) FROM threadline.audit_actions a JOIN threadline.audit_transactions t ON t.id = transaction_id")
        .await;
    assert_eq!(action, "report.viewed alice alice");
    forbidden(&app, &forbidden_to_all()).await;
    // The catalogue does not tell the secret either.
    let row = rows(
        &app,
        "SELECT last_value FROM pg_sequences WHERE sequencename = 'transaction_secret'",
    )
    .await;
    assert_eq!(row[0].try_get_by_index::<Option<i64>>(0).unwrap(), None);
}

#[tokio::test]
async fn nobody_forges_the_evidence_that_others_rely_on() {
    let test = posts().await;
    let (_, app) = test
        .login("IN ROLE threadline_writer, threadline_retention")
        .await;
    let record = |subject: &str| {
        format!(
            "SELECT threadline.record_evidence('{subject}', '\"public\".\"posts\"', 'proven', '{{\"writer\": \"threadline\", \"rows\": 9}}')"
        )
    };
    let reason = refused(&app, &record("retention_run")).await;
    assert!(reason.starts_with("TL004 "), "{reason}");
    let reason = refused(&test.db, &record("retention_run")).await;
    assert!(reason.starts_with("TL004 "), "{reason}");
    let reason = refused(&app, &record("baseline")).await;
    assert!(reason.starts_with("42501 "), "{reason}");
    let report = threadline::continuity::continuity(&test.db).await.unwrap();
    assert_eq!(report.tables[0].baseline, None);
    // What it checked itself it may say.
    run(&app, &record("access_review")).await;
}

#[tokio::test]
async fn a_setting_that_claims_another_transaction_is_not_believed() {
    let test = posts().await;
    let (role, app) = test.login("IN ROLE threadline_writer").await;
    test.run(&format!(
        "GRANT ALL ON posts TO {role}; GRANT USAGE ON SEQUENCE posts_id_seq TO {role}; INSERT INTO posts (title) VALUES ('a')"
    ))
    .await;
    for seal in ["", ":", ":x", ":0000"] {
        run(
            &app,
            &format!(
                "BEGIN; SELECT set_config('threadline.tx', pg_current_xact_id()::text || ':1{seal}', true); INSERT INTO posts (title) VALUES ('b'); COMMIT"
            ),
        )
        .await;
    }
    let per_transaction: Vec<i64> = test
        .all("SELECT count(*) FROM threadline.audit_changes GROUP BY transaction_id")
        .await;
    assert_eq!(per_transaction, [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn nobody_changes_the_trail_neither_its_owner_nor_a_superuser() {
    let test = posts().await;
    test.run(&format!(
        "SELECT threadline.set_context('{CONTEXT}'); INSERT INTO posts (title) VALUES ('a');
         SELECT threadline.record_action('{{\"name\": \"post.created\"}}')"
    ))
    .await;
    let partition: String = test
        .one("SELECT tableoid::regclass::text FROM threadline.audit_changes")
        .await;
    assert!(
        partition.starts_with("threadline.audit_changes_2"),
        "{partition}"
    );
    let tables = [
        ("threadline.audit_changes", "op"),
        (partition.as_str(), "op"),
        ("threadline.audit_actions", "name"),
        ("threadline.audit_transactions", "actor_id"),
    ];
    for role in ["postgres", "threadline_owner"] {
        let session = test.pool(1).await;
        run(&session, &format!("SET ROLE {role}")).await;
        for (table, column) in tables {
            for sql in [
                format!("UPDATE {table} SET {column} = 'x'"),
                format!("UPDATE {table} SET {column} = NULL"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
            ] {
                let reason = refused(&session, &sql).await;
                assert!(
                    reason.ends_with("is refused, the audit trail is append-only"),
                    "{role}: {sql}: {reason}"
                );
            }
        }
        let reason = refused(&session, "TRUNCATE threadline.audit_changes_default").await;
        assert!(reason.contains("append-only"), "{reason}");
    }
    assert_ne!(test.changes().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_transaction_row_is_completed_by_its_own_transaction_only_and_never_changed() {
    let test = posts().await;
    let own = "UPDATE threadline.audit_transactions SET";
    let begin = "BEGIN; SELECT set_config('threadline.context', '{\"request_id\": \"r\", \"actor\": 1, \"meta\": {\"a\": 1}}', true);
        INSERT INTO posts (title) VALUES ('a')";
    let session = test.pool(1).await;
    for (change, allowed) in [
        (
            "correlation_id = 'c', actor_type = 'user', actor_id = 'u'",
            true,
        ),
        ("meta = '{\"a\": 1, \"b\": 2}'", true),
        ("request_id = 'other'", false),
        ("request_id = NULL", false),
        ("meta = '{\"a\": 2}'", false),
        ("meta = NULL", false),
        ("occurred_at = occurred_at - interval '1 day'", false),
        ("xid = '1'", false),
        ("context_error = NULL", false),
        ("context_error = 'none'", false),
    ] {
        run(&session, begin).await;
        let sql = format!("{own} {change} WHERE xid = pg_current_xact_id()");
        if allowed {
            run(&session, &sql).await;
        } else {
            let reason = refused(&session, &sql).await;
            assert!(reason.contains("append-only"), "{change}: {reason}");
        }
        run(&session, "ROLLBACK").await;
    }
    run(&session, begin).await;
    run(&session, "COMMIT").await;
    let reason = refused(&session, &format!("{own} correlation_id = 'late'")).await;
    assert!(reason.contains("append-only"), "{reason}");
}

#[tokio::test]
async fn the_role_of_a_replica_skips_the_capture() {
    let test = posts().await;
    test.run("SET session_replication_role = replica; INSERT INTO posts (title) VALUES ('a'); RESET session_replication_role")
        .await;
    assert_eq!(test.changes().await, Vec::<String>::new(), "a limit");
}

#[tokio::test]
async fn default_privileges_give_nobody_more_than_reading() {
    let test = TestDb::new().await;
    let role = test.role("").await;
    test.run(&format!(
        "DROP SCHEMA threadline CASCADE;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO {role}; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role};
         ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {role}; ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO {role};"
    ))
    .await;
    threadline::install(&test.db).await.unwrap();
    test.run("CREATE TABLE posts (id int PRIMARY KEY)").await;
    test.capture("posts", threadline::CapturePolicy::default())
        .await;
    let mut rights = rights(&test, &role).await;
    rights.retain(|right| !right.ends_with(" SELECT"));
    assert_eq!(
        rights,
        [
            "current_transaction()",
            "record_action()",
            "row_key()",
            "row_ref()",
            "schema USAGE",
            "set_context()",
            "table_ref()",
        ]
    );
}
