//! Findings about the capture of a table whose fix is a statement. Those whose fix is a command are tested where commands run.

use threadline::{
    CapturePolicy,
    health::{Fix, Severity, Verdict},
    policy::{ContextMode, TruncateMode},
};

use super::{check, codes, declared, findings, health, only, posts, table};
use crate::support::{TestDb, sql::names};

#[tokio::test]
async fn a_healthy_database_has_no_findings() {
    let (test, health) = posts().await;
    test.run(
        r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO posts VALUES (1); UPDATE posts SET id = 2; TRUNCATE posts"#,
    )
    .await;
    assert_eq!(findings(&health, &test.db).await, []);
}

#[tokio::test]
async fn tables_of_every_kind_under_any_policy_match_what_is_made_of_them() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TYPE pair AS (a int, b float8); CREATE SCHEMA \"S $threadline$ s\";
         CREATE TABLE \"S $threadline$ s\".\"T'\"\" AS $$ t\" (
           \"i'd\" int, \"N\\o\" text, f float8, fs float4[], p point, at timestamptz, b bytea, i interval, m money, r regclass, c pair, j json, jb jsonb,
           js json[], n numeric, ra tstzrange, d date, virtual_like int GENERATED ALWAYS AS (\"i'd\" + 1) STORED, secret text, hidden text, noise text, PRIMARY KEY (\"i'd\", \"N\\o\"))",
    )
    .await;
    let name = threadline::codegen::TableName::new("S $threadline$ s", "T'\" AS $$ t").unwrap();
    let health = health(&test).await;
    for truncate in [
        TruncateMode::Record,
        TruncateMode::Refuse,
        TruncateMode::Rows,
    ] {
        for context in [ContextMode::Allow, ContextMode::Warn, ContextMode::Require] {
            let policy = CapturePolicy {
                mask: names(&["secret"]),
                exclude: names(&["hidden"]),
                except: names(&["noise"]),
                store_changed_from: truncate == TruncateMode::Record,
                truncate,
                context,
                ..CapturePolicy::default()
            };
            test.capture(&name.to_string(), policy.clone()).await;
            let health = health.clone().declare([threadline::health::DeclaredTable {
                name: name.clone(),
                policy,
                key: names(&["N\\o", "i'd"]),
            }]);
            assert_eq!(findings(&health, &test.db).await, []);
            let policies = health.fetch_policies(&test.db).await.unwrap();
            assert_eq!(policies.tables[0].verdict, Verdict::Matches);
        }
    }
}

#[tokio::test]
async fn a_disabled_trigger_is_enabled_again() {
    let (test, health) = posts().await;
    for fault in [
        "ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_capture\"",
        "ALTER TABLE posts ENABLE REPLICA TRIGGER \"00_threadline_audit_capture\"",
        "ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_truncate\"",
    ] {
        let finding = check(&test, &health, fault, "disabled-trigger").await;
        assert_eq!(finding.severity, Severity::Critical);
        assert_eq!(finding.table, Some(table("posts")));
    }
    let before: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes")
        .await;
    test.run(r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO posts VALUES (1)"#)
        .await;
    let after: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes")
        .await;
    assert_eq!(after, before + 1);
}

#[tokio::test]
async fn a_disabled_trigger_of_a_partition_is_enabled_again() {
    let sql = "CREATE TABLE \"Par ts\" (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE \"lo\"\"w\" PARTITION OF \"Par ts\" FOR VALUES FROM (0) TO (10)";
    let test = TestDb::with_tables(sql, &["Par ts"]).await;
    let health = health(&test).await;
    for trigger in ["capture", "truncate"] {
        let fault =
            format!("ALTER TABLE \"lo\"\"w\" DISABLE TRIGGER \"00_threadline_audit_{trigger}\"");
        check(&test, &health, &fault, "disabled-trigger").await;
    }
}

#[tokio::test]
async fn a_second_trigger_that_records_everything_twice_is_dropped() {
    let (test, health) = posts().await;
    let fault = "DO $$ BEGIN EXECUTE format('CREATE TRIGGER \"a b\" AFTER UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION %s()',
        (SELECT oid::regproc FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%')); END $$";
    check(&test, &health, fault, "duplicate-trigger").await;
}

#[tokio::test]
async fn a_table_that_uses_the_function_of_another_is_told_from_it() {
    let (test, health) = posts().await;
    test.run("CREATE TABLE notes (id int PRIMARY KEY)").await;
    let health = health.expected_gaps([table("notes")]);
    let fault = "DO $$ BEGIN EXECUTE format('CREATE TRIGGER mine AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION %s()',
        (SELECT oid::regproc FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%')); END $$";
    let finding = check(&test, &health, fault, "shared-function").await;
    assert_eq!(finding.table, Some(table("notes")));
    assert!(
        finding.message.contains("the capture function of `posts`"),
        "{}",
        finding.message
    );
}

#[tokio::test]
async fn the_functions_of_a_dropped_table_are_orphans() {
    let (test, health) = posts().await;
    test.run("DROP TABLE posts").await;
    let found = findings(&health, &test.db).await;
    let told: Vec<_> = found.iter().map(|f| (f.code, f.severity)).collect();
    assert_eq!(told, [("orphaned-function", Severity::Info); 2]);
    assert!(
        found[0].message.ends_with("made for `posts`"),
        "{}",
        found[0].message
    );
    for finding in &found {
        test.run(finding.fix.text()).await;
    }
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_table_that_lost_its_key_gets_it_back() {
    let (test, health) = posts().await;
    check(
        &test,
        &health,
        "ALTER TABLE posts DROP CONSTRAINT posts_pkey",
        "key-drift",
    )
    .await;

    let test = TestDb::new().await;
    test.run("CREATE TABLE items (tenant int NOT NULL, \"No\" int NOT NULL); CREATE UNIQUE INDEX items_key ON items (tenant, \"No\")")
        .await;
    let policy = CapturePolicy {
        primary_key: Some(names(&["tenant", "No"])),
        ..CapturePolicy::default()
    };
    test.capture("items", policy).await;
    let health = super::health(&test).await;
    check(&test, &health, "DROP INDEX items_key", "key-drift").await;
    check(
        &test,
        &health,
        "ALTER TABLE items ALTER tenant DROP NOT NULL",
        "key-drift",
    )
    .await;
}

#[tokio::test]
async fn an_entity_with_another_key_than_its_table_is_told_to_change() {
    let (test, health) = posts().await;
    let health = health.declare([threadline::health::DeclaredTable {
        key: names(&["id", "title"]),
        ..declared("posts", CapturePolicy::default())
    }]);
    let finding = only(&health, &test, "key-drift").await;
    assert!(
        matches!(&finding.fix, Fix::Edit(text) if text.contains("exactly the fields of (id)")),
        "{finding:?}"
    );
}

#[tokio::test]
async fn a_capture_that_came_from_a_dump_is_to_be_generated_again() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE people (id int, email text, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF people FOR VALUES FROM (0) TO (9)")
        .await;
    let policy = CapturePolicy {
        mask: names(&["email"]),
        ..CapturePolicy::default()
    };
    test.capture("people", policy.clone()).await;
    let health = health(&test).await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
    let triggers: Vec<String> = test
        .all("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid IN ('people'::regclass, 'low'::regclass) AND tgparentid = 0")
        .await;
    test.run(&format!(
        "DROP TABLE people; CREATE TABLE people (id int, email text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
         CREATE TABLE low PARTITION OF people FOR VALUES FROM (0) TO (9); {}",
        triggers.join("; ")
    ))
    .await;
    let finding = only(&health, &test, "restored-capture").await;
    assert_eq!(finding.table, Some(table("people")));
    assert_eq!(
        finding.fix.text(),
        "cargo threadline gen-triggers --again --tables people"
    );
    test.capture("people", policy).await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn an_expected_gap_that_is_no_table_is_a_note() {
    let (test, health) = posts().await;
    let with = health.clone().expected_gaps([table("ghosts")]);
    let finding = only(&with, &test, "unknown-expected-gap").await;
    assert_eq!(finding.severity, Severity::Info);
    assert!(!with.fetch_findings(&test.db).await.unwrap().is_alarming());
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_role_or_database_that_writes_as_a_replica_is_found() {
    let (test, health) = posts().await;
    let role = test.role("").await;
    let database: String = test.one("SELECT current_database()::text").await;
    // A setting of the role alone would show in the databases of other tests.
    for subject in [
        format!("ROLE {role} IN DATABASE {database}"),
        format!("DATABASE {database}"),
    ] {
        let fault = format!("ALTER {subject} SET session_replication_role = replica");
        let finding = check(&test, &health, &fault, "replica-setting").await;
        assert_eq!(finding.severity, Severity::Critical);
    }
}

#[tokio::test]
async fn a_cast_to_json_inside_the_capture_is_dropped_however_deep_its_type_lies() {
    let test = TestDb::new().await;
    test.run(
        "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a'); CREATE DOMAIN app.moods AS app.mood[]; CREATE TYPE app.pair AS (id int, m app.moods);
         CREATE TABLE posts (id int PRIMARY KEY, p app.pair); CREATE TABLE drafts (id int PRIMARY KEY, m app.mood);
         CREATE FUNCTION app.leak(app.mood) RETURNS json LANGUAGE sql AS 'SELECT ''1''::json'",
    )
    .await;
    test.capture("posts", CapturePolicy::default()).await;
    let health = health(&test).await.expected_gaps([table("drafts")]);
    let fault = "CREATE CAST (app.mood AS json) WITH FUNCTION app.leak(app.mood)";
    let finding = check(&test, &health, fault, "json-cast").await;
    assert!(
        finding
            .message
            .contains("inside the capture of public.posts:"),
        "{}",
        finding.message
    );
}

#[tokio::test]
async fn a_declared_table_that_is_none_is_told_with_what_there_is_instead() {
    let (test, health) = posts().await;
    test.run("CREATE VIEW seen AS SELECT 1 AS id").await;
    for (name, said) in [
        ("Posts", "`Posts` does not exist; did you mean `posts`?"),
        ("seen", "`seen` is a view"),
    ] {
        let health = health
            .clone()
            .declare([declared(name, CapturePolicy::default())]);
        let finding = only(&health, &test, "missing-table").await;
        assert!(finding.message.contains(said), "{}", finding.message);
        assert_eq!(
            health
                .fetch_coverage(&test.db)
                .await
                .unwrap()
                .summary
                .uncovered,
            1
        );
    }
}

#[tokio::test]
async fn a_key_whose_columns_are_gone_is_left_to_people() {
    let (test, health) = posts().await;
    test.run("ALTER TABLE posts DROP id").await;
    let found = findings(&health, &test.db).await;
    let finding = found.iter().find(|f| f.code == "key-drift").unwrap();
    assert!(
        matches!(&finding.fix, Fix::Edit(text) if text == "give `posts` a primary key"),
        "{finding:?}"
    );

    let test = TestDb::new().await;
    test.run("CREATE TABLE items (no int NOT NULL UNIQUE)")
        .await;
    let policy = CapturePolicy {
        primary_key: Some(names(&["no"])),
        ..CapturePolicy::default()
    };
    test.capture("items", policy).await;
    let health = super::health(&test).await;
    test.run("ALTER TABLE items RENAME no TO number").await;
    let finding = only(&health, &test, "not-auditable").await;
    assert!(
        finding
            .message
            .contains("names column `no`, which the table does not have"),
        "{}",
        finding.message
    );
}

#[tokio::test]
async fn partitions_of_partitions_are_looked_at_by_their_leaves_and_a_detached_one_is_tidied_up() {
    let sql = "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE mid PARTITION OF parts FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
        CREATE TABLE low PARTITION OF mid FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF mid FOR VALUES FROM (10) TO (20)";
    let test = TestDb::with_tables(sql, &["parts"]).await;
    let health = health(&test).await.expected_gaps([table("high")]);
    assert_eq!(codes(&health, &test).await, ["unknown-expected-gap"]);
    test.run("ALTER TABLE low DISABLE TRIGGER ALL").await;
    let found = findings(&health, &test.db).await;
    assert_eq!(
        found
            .iter()
            .filter(|f| f.code == "disabled-trigger")
            .count(),
        2,
        "{found:#?}"
    );
    test.run("ALTER TABLE low ENABLE TRIGGER ALL; ALTER TABLE mid DETACH PARTITION high")
        .await;
    let finding = only(&health, &test, "shared-function").await;
    assert!(
        finding.message.contains("of `parts`"),
        "{}",
        finding.message
    );
    test.run(finding.fix.text()).await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_table_captured_by_statement_is_looked_at_by_its_four_triggers() {
    let test = TestDb::by_statement("CREATE TABLE t (id int PRIMARY KEY)", &["public.t"]).await;
    let health = health(&test)
        .await
        .declare([threadline::health::DeclaredTable {
            name: "t".parse().unwrap(),
            policy: crate::support::statements(),
            key: names(&["id"]),
        }]);
    assert_eq!(findings(&health, &test.db).await, []);
    for (fault, code, repair) in [
        (
            "ALTER TABLE t DISABLE TRIGGER \"00_threadline_audit_update\"",
            "disabled-trigger",
            "ALTER TABLE t ENABLE TRIGGER \"00_threadline_audit_update\"",
        ),
        (
            "ALTER TABLE t DISABLE TRIGGER \"00_threadline_audit_statement\"",
            "disabled-trigger",
            "ALTER TABLE t ENABLE TRIGGER \"00_threadline_audit_statement\"",
        ),
        (
            "CREATE TABLE c () INHERITS (t)",
            "uncaptured-inheritance",
            "DROP TABLE c",
        ),
    ] {
        test.run(fault).await;
        let found = codes(&health, &test).await;
        assert!(found.contains(&code), "{found:?}");
        let coverage = health.fetch_coverage(&test.db).await.unwrap();
        assert!(coverage.summary.uncovered > 0, "{fault}");
        test.run(repair).await;
        assert_eq!(findings(&health, &test.db).await, []);
    }
    // Everything is captured, but nothing tells in which order.
    test.run("ALTER TABLE t ADD CONSTRAINT self FOREIGN KEY (id) REFERENCES t ON UPDATE CASCADE")
        .await;
    assert_eq!(codes(&health, &test).await, ["unordered-statements"]);
    test.run("ALTER TABLE t DROP CONSTRAINT self").await;
    assert_eq!(findings(&health, &test.db).await, []);
    for (trigger, code) in [
        ("insert", "incomplete-trigger"),
        ("statement", "unmarked-statements"),
    ] {
        test.run(&format!(
            "DROP TRIGGER \"00_threadline_audit_{trigger}\" ON t"
        ))
        .await;
        assert_eq!(codes(&health, &test).await, [code]);
        test.capture("public.t", crate::support::statements()).await;
        assert_eq!(findings(&health, &test.db).await, []);
    }
    test.capture("public.t", CapturePolicy::default()).await;
    assert_eq!(codes(&health, &test).await, ["policy-drift"]);
}
