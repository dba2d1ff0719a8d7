//! Findings about the trail itself: protection, partitions, integrity, context.

use sea_orm::prelude::DateTimeUtc;
use threadline::health::{Fix, Severity};

use super::{check, codes, findings, only, posts};
use crate::support::TestDb;

async fn now(test: &TestDb) -> DateTimeUtc {
    test.one("SELECT clock_timestamp()").await
}

#[tokio::test]
async fn what_keeps_the_trail_append_only_is_put_back_wherever_it_is_missing() {
    let (test, health) = posts().await;
    let partition: String = test
        .one("SELECT to_char(now() AT TIME ZONE 'UTC', '\"threadline.audit_changes_\"YYYY_MM')")
        .await;
    let tables = [
        "threadline.audit_changes",
        "threadline.audit_actions",
        "threadline.audit_transactions",
    ];
    let mut faults = Vec::new();
    for table in tables {
        faults.push(format!("ALTER TABLE {table} DISABLE TRIGGER ALL"));
        faults.push(format!(
            "ALTER TABLE {table} DISABLE TRIGGER threadline_audit_append_only"
        ));
        faults.push(format!(
            "ALTER TABLE {table} ENABLE REPLICA TRIGGER threadline_audit_no_truncate"
        ));
        faults.push(format!("DROP TRIGGER threadline_audit_append_only ON {table}; DROP TRIGGER threadline_audit_no_truncate ON {table}"));
    }
    faults.push(
        "DROP TRIGGER threadline_audit_no_delete ON threadline.audit_transactions".to_owned(),
    );
    faults.push("CREATE OR REPLACE TRIGGER threadline_audit_append_only BEFORE INSERT ON threadline.audit_actions FOR EACH ROW EXECUTE FUNCTION threadline.refuse_change()".to_owned());
    faults.push("CREATE OR REPLACE TRIGGER threadline_audit_append_only BEFORE UPDATE OR DELETE ON threadline.audit_actions FOR EACH ROW WHEN (OLD.id < 0) EXECUTE FUNCTION threadline.refuse_change()".to_owned());
    for partition in [partition.as_str(), "threadline.audit_changes_default"] {
        faults.push(format!(
            "DROP TRIGGER threadline_audit_no_truncate ON {partition}"
        ));
        faults.push(format!(
            "ALTER TABLE {partition} DISABLE TRIGGER threadline_audit_append_only"
        ));
    }
    for fault in faults {
        assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
        test.run(&fault).await;
        let found = findings(&health, &test.db).await;
        assert!(!found.is_empty(), "{fault}");
        for finding in found {
            assert_eq!(
                (finding.code, finding.severity),
                ("append-only-missing", Severity::Critical),
                "{fault}"
            );
            assert!(matches!(finding.fix, Fix::Sql(_)));
            test.run(finding.fix.text()).await;
        }
    }
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn an_emptied_or_missing_function_of_the_audit_schema_is_found_and_restored() {
    let (test, health) = posts().await;
    let emptied = "CREATE OR REPLACE FUNCTION threadline.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN OLD; END'";
    check(&test, &health, emptied, "schema-drift").await;
    check(
        &test,
        &health,
        "ALTER FUNCTION threadline.set_context(text) SECURITY INVOKER",
        "schema-drift",
    )
    .await;
    let finding = check(
        &test,
        &health,
        "DROP FUNCTION threadline.record_action(jsonb)",
        "schema-drift",
    )
    .await;
    assert!(
        finding.message.contains("`record_action`"),
        "{}",
        finding.message
    );
    let owner: String = test
        .one("SELECT pg_get_userbyid(proowner)::text FROM pg_proc WHERE proname = 'record_action'")
        .await;
    assert_eq!(owner, "threadline_owner");
}

#[tokio::test]
async fn months_without_partitions_are_made_before_and_after_they_are_needed() {
    let (test, health) = posts().await;
    let drop = |from: &str| {
        format!(
            "DO $$ DECLARE p text; BEGIN FOR p IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'threadline.audit_changes'::regclass
               AND inhrelid::regclass::text > 'threadline.audit_changes_' || to_char(now() AT TIME ZONE 'UTC' {from}, 'YYYY_MM') AND inhrelid::regclass::text NOT LIKE '%default' LOOP
               EXECUTE 'DROP TABLE ' || p; END LOOP; END $$"
        )
    };
    let soon = check(&test, &health, &drop(""), "partitions-running-out").await;
    assert_eq!(soon.severity, Severity::Warning);
    let late = check(
        &test,
        &health,
        &drop("- interval '1 month'"),
        "partitions-running-out",
    )
    .await;
    assert_eq!(late.severity, Severity::Critical);
    // A gap in the months to come counts as their end.
    let gap = "DO $$ BEGIN EXECUTE 'DROP TABLE threadline.audit_changes_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'); END $$";
    check(&test, &health, gap, "partitions-running-out").await;
}

#[tokio::test]
async fn changes_in_the_default_partition_move_to_partitions_of_their_own() {
    let (test, health) = posts().await;
    test.run(r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO posts VALUES (1)"#)
        .await;
    let insert = "INSERT INTO threadline.audit_changes (id, transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk)
        OVERRIDING SYSTEM VALUE SELECT -g, (SELECT max(id) FROM threadline.audit_transactions), t, 0, 'public', 'posts', 'insert', '{}'
        FROM unnest(ARRAY['2001-02-03', '2001-02-04', '2001-03-31 23:59:59.999999+00', '2900-01-01']::timestamptz[]) WITH ORDINALITY AS u(t, g)";
    let finding = check(&test, &health, insert, "default-partition-not-empty").await;
    assert_eq!(finding.severity, Severity::Warning);
    let partitions: Vec<String> = test
        .all("SELECT tableoid::regclass::text FROM threadline.audit_changes WHERE id < 0 ORDER BY captured_at")
        .await;
    let names = partitions
        .iter()
        .map(|name| name.trim_start_matches("threadline.audit_changes_"));
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["2001_02", "2001_02", "2001_03", "2900_01"]
    );
    // The new partitions are protected and owned as the others are.
    let owners: Vec<String> = test
        .all("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'threadline'")
        .await;
    assert_eq!(owners, ["threadline_owner"]);
    test.run("INSERT INTO posts VALUES (2)").await;
    // Both faults at once: first the default partition, then the months.
    test.run("DO $$ DECLARE p text; BEGIN FOR p IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'threadline.audit_changes'::regclass
        AND inhrelid::regclass::text NOT LIKE '%default' LOOP EXECUTE 'DROP TABLE ' || p; END LOOP; END $$; INSERT INTO posts VALUES (3)")
        .await;
    let health = health.since(now(&test).await);
    let found = findings(&health, &test.db).await;
    assert_eq!(
        found.iter().map(|f| f.code).collect::<Vec<_>>(),
        ["partitions-running-out", "default-partition-not-empty"]
    );
    for code in ["default-partition-not-empty", "partitions-running-out"] {
        let finding = found.iter().find(|finding| finding.code == code).unwrap();
        test.run(finding.fix.text()).await;
    }
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_change_whose_transaction_was_removed_is_found_and_marked() {
    let (test, health) = posts().await;
    test.run(
        r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO posts VALUES (1); SELECT threadline.record_action('{"name": "a"}')"#,
    )
    .await;
    test.run("ALTER TABLE threadline.audit_transactions DISABLE TRIGGER ALL; DELETE FROM threadline.audit_transactions; ALTER TABLE threadline.audit_transactions ENABLE TRIGGER ALL")
        .await;
    let found = findings(&health, &test.db).await;
    let told: Vec<_> = found
        .iter()
        .map(|f| (f.code, f.message.split(' ').next().unwrap()))
        .collect();
    assert_eq!(told, [("broken-integrity", "1"), ("broken-integrity", "1")]);
    test.run(found[0].fix.text()).await;
    let health = health.since(now(&test).await);
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
    let marked: Vec<String> = test
        .all("SELECT t.context_error FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id")
        .await;
    assert_eq!(marked, ["the transaction row was lost"]);
}

#[tokio::test]
async fn a_forged_transaction_id_stays_a_finding() {
    let (test, health) = posts().await;
    test.run("INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk) VALUES (1000000, now(), 0, 'public', 'posts', 'insert', '{}')")
        .await;
    let finding = only(&health, &test, "broken-integrity").await;
    test.run(finding.fix.text()).await;
    only(&health, &test, "broken-integrity").await;
    test.run("INSERT INTO posts VALUES (1)").await;
}

#[tokio::test]
async fn writes_without_an_actor_are_found_until_they_are_long_ago() {
    let (test, health) = posts().await;
    test.run("INSERT INTO posts VALUES (1); INSERT INTO posts VALUES (2)")
        .await;
    let finding = only(&health, &test, "writes-without-context").await;
    assert!(
        finding.message.contains("2 of the last"),
        "{}",
        finding.message
    );
    assert!(matches!(finding.fix, Fix::Edit(_)));
    let health = health.since(now(&test).await);
    test.run(r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO posts VALUES (3)"#)
        .await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
    test.run("DELETE FROM posts WHERE id = 3").await;
    let finding = only(&health, &test, "writes-without-context").await;
    assert!(
        finding.message.contains("1 of the last"),
        "{}",
        finding.message
    );
}

#[tokio::test]
async fn a_malformed_context_is_found_without_telling_what_it_said() {
    let (test, health) = posts().await;
    for context in [
        "{\"secret",
        "{\"actor\": {\"type\": \"user\", \"id\": \"alice\"}, \"request_id\": 7}",
    ] {
        test.run(&format!("BEGIN; SELECT set_config('threadline.context', '{context}', true); INSERT INTO posts SELECT count(*) FROM posts; COMMIT"))
            .await;
    }
    let found = findings(&health, &test.db).await;
    assert_eq!(
        found.iter().map(|f| f.code).collect::<Vec<_>>(),
        ["writes-without-context", "malformed-context"]
    );
    assert!(
        found[1]
            .message
            .ends_with("malformed: not valid JSON (1); refused: request_id (1)"),
        "{}",
        found[1].message
    );
    let health = health.since(now(&test).await);
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}
