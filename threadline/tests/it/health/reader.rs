use threadline::CapturePolicy;

use super::{declared, posts};
use crate::support::{TestDb, sql::names};

#[tokio::test]
async fn a_reader_of_the_trail_sees_what_a_superuser_sees() {
    let (test, health) = posts().await;
    test.run(
        "CREATE TABLE drafts (id int PRIMARY KEY); CREATE SCHEMA closed; CREATE TABLE closed.\"No\" (id int PRIMARY KEY, secret text);
         REVOKE ALL ON SCHEMA closed FROM PUBLIC; CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT",
    )
    .await;
    for table in ["closed.No", "parts"] {
        test.capture(table, CapturePolicy::default()).await;
    }
    test.run(
        "ALTER TABLE closed.\"No\" ADD extra int; INSERT INTO posts VALUES (1); ALTER TABLE part DISABLE TRIGGER ALL;
         DROP TRIGGER threadline_audit_no_truncate ON threadline.audit_actions; ALTER FUNCTION threadline.set_context(text) SECURITY INVOKER;
         INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk) VALUES (9, '2001-01-01', 0, 'public', 'posts', 'insert', '{}')",
    )
    .await;
    let policy = CapturePolicy {
        mask: names(&["secret"]),
        ..CapturePolicy::default()
    };
    let health = health.declare([declared("closed.No", policy)]);
    let app = test.role("IN ROLE threadline_owner").await;
    test.run(&format!(
        "GRANT INSERT ON threadline.audit_actions TO {app}; CREATE TYPE mood AS ENUM ('a'); ALTER TABLE posts ADD m mood;
         CREATE FUNCTION leak(mood) RETURNS json LANGUAGE sql AS 'SELECT NULL::json'; CREATE CAST (mood AS json) WITH FUNCTION leak(mood);
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$"
    ))
    .await;
    let health = health.application_roles([app]);
    let role = test.role("IN ROLE threadline_reader").await;
    let reader = test.pool_as(&role, 1).await;
    let findings = health.fetch_findings(&reader).await.unwrap();
    let codes: Vec<_> = findings
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(
        codes,
        [
            "policy-drift",
            "disabled-trigger",
            "disabled-trigger",
            "append-only-missing",
            "excess-privilege",
            "replica-setting",
            "broken-integrity",
            "column-added",
            "missing-trigger",
            "column-added",
            "schema-drift",
            "can-become-owner",
            "json-cast",
            "default-partition-not-empty",
            "writes-without-context",
        ],
        "{findings:#?}"
    );
    assert_eq!(findings, health.fetch_findings(&test.db).await.unwrap());
    assert_eq!(
        health.fetch_coverage(&reader).await.unwrap(),
        health.fetch_coverage(&test.db).await.unwrap()
    );
    assert_eq!(
        health.fetch_policies(&reader).await.unwrap(),
        health.fetch_policies(&test.db).await.unwrap()
    );
}

#[tokio::test]
async fn a_report_never_holds_a_value_of_a_row() {
    let test = TestDb::with_tables(
        "CREATE TABLE posts (id text PRIMARY KEY, title text)",
        &["posts"],
    )
    .await;
    test.run("INSERT INTO posts VALUES ('needle-key', 'needle')")
        .await;
    test.run(
        r#"BEGIN; SELECT set_config('threadline.context', '{"actor": {"type": "needle", "id": "needle"}, "needle": 1}', true);
           DELETE FROM posts; COMMIT"#,
    )
    .await;
    let health = super::health(&test).await;
    let report = serde_json::to_string(&health.fetch_findings(&test.db).await.unwrap()).unwrap();
    assert!(report.contains("malformed-context"), "{report}");
    assert!(!report.contains("needle"), "{report}");
}
