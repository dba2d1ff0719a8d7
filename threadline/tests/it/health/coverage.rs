use threadline::{
    CapturePolicy,
    health::{CoverageStatus, Difference, ExpectedGap, Health},
};

use super::{declared, posts, table};
use crate::support::TestDb;

const POSTS: &str = "posts";

async fn status(health: &Health, test: &TestDb, name: &str) -> (CoverageStatus, Vec<Difference>) {
    let report = health.fetch_coverage(&test.db).await.unwrap();
    let tables: Vec<_> = report
        .tables
        .iter()
        .filter(|t| t.name == table(name))
        .collect();
    assert_eq!(tables.len(), 1, "{report:#?}");
    (tables[0].status, tables[0].gaps.clone())
}

#[tokio::test]
async fn every_table_of_the_database_has_a_status_and_those_of_the_trail_are_not_among_them() {
    let (test, health) = posts().await;
    test.run(
        "CREATE TABLE drafts (id int); CREATE TABLE seaql_migrations (version text PRIMARY KEY);
         CREATE SCHEMA \"Sales\"; CREATE TABLE \"Sales\".\"Orders, all\" (id int); CREATE TABLE audit_changes (id int);
         CREATE VIEW v AS SELECT 1; CREATE TEMPORARY TABLE t (id int);
         CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT",
    )
    .await;
    let health = health.expected_gaps([table("drafts")]);
    let report = health.fetch_coverage(&test.db).await.unwrap();
    let told: Vec<_> = report
        .tables
        .iter()
        .map(|table| {
            (
                table.name.to_string(),
                table.status.as_str(),
                table.expected,
            )
        })
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(name, status, why)| (name.as_str(), *status, *why))
        .collect();
    assert_eq!(
        told,
        [
            ("Sales.\"Orders, all\"", "uncovered", None),
            ("audit_changes", "uncovered", None),
            ("drafts", "expected_gap", Some(ExpectedGap::Configured)),
            ("parts", "uncovered", None),
            ("posts", "covered", None),
            (
                "seaql_migrations",
                "expected_gap",
                Some(ExpectedGap::Migrations)
            ),
        ]
    );
    let summary = report.summary;
    assert_eq!(
        (summary.covered, summary.uncovered, summary.expected_gaps),
        (1, 3, 2)
    );
    let public = health
        .schemas(["public"])
        .fetch_coverage(&test.db)
        .await
        .unwrap();
    assert_eq!(public.tables.len(), 5);
    let json = serde_json::to_value(&public).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["tables"][3]["table_name"], "posts");
    assert_eq!(json["tables"][3]["table_schema"], "public");
    assert_eq!(json["tables"][3]["status"], "covered");
}

#[tokio::test]
async fn a_table_is_covered_only_if_its_own_unchanged_function_sees_every_write_of_applications() {
    let function =
        "(SELECT oid::regproc::text FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%')";
    let edit = |replace: &str| {
        format!(
            "DO $$ BEGIN EXECUTE (SELECT {replace} FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%'); END $$"
        )
    };
    let trigger = |events: &str, condition: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('CREATE OR REPLACE TRIGGER \"00_threadline_audit_capture\" {events} ON posts FOR EACH ROW {condition} EXECUTE FUNCTION %s()', {function}); END $$"
        )
    };
    let faults = [
        "ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_capture\"".to_owned(),
        "ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_truncate\"".to_owned(),
        "ALTER TABLE posts DISABLE TRIGGER ALL".to_owned(),
        "ALTER TABLE posts ENABLE REPLICA TRIGGER \"00_threadline_audit_capture\"".to_owned(),
        "DROP TRIGGER \"00_threadline_audit_truncate\" ON posts".to_owned(),
        "DROP TRIGGER \"00_threadline_audit_capture\" ON posts".to_owned(),
        trigger("AFTER INSERT OR UPDATE", ""),
        trigger("AFTER INSERT OR UPDATE OF title OR DELETE", ""),
        trigger("AFTER INSERT OR UPDATE OR DELETE", "WHEN (pg_trigger_depth() > 5)"),
        trigger("BEFORE INSERT OR UPDATE OR DELETE", ""),
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE OR REPLACE TRIGGER \"00_threadline_audit_capture\" AFTER INSERT OR UPDATE OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION mine()".to_owned(),
        edit("replace(pg_get_functiondef(oid), 'BEGIN', 'BEGIN RETURN NULL;')"),
        edit("format('ALTER FUNCTION %s SECURITY INVOKER', oid::regprocedure)"),
        edit("format('ALTER FUNCTION %s SET session_replication_role = replica', oid::regprocedure)"),
        edit("format('COMMENT ON FUNCTION %s IS NULL', oid::regprocedure)"),
        edit("format('COMMENT ON FUNCTION %s IS %L', oid::regprocedure, 'threadline:{}')"),
        edit("format('ALTER FUNCTION %s SECURITY INVOKER', replace(oid::regprocedure::text, 'capture_', 'truncate_'))"),
    ];
    for fault in faults {
        let (test, health) = posts().await;
        assert_eq!(
            status(&health, &test, POSTS).await,
            (CoverageStatus::Covered, vec![])
        );
        test.run(&fault).await;
        let (status, gaps) = status(&health, &test, POSTS).await;
        assert_eq!(status, CoverageStatus::Uncovered, "{fault}");
        assert!(!gaps.is_empty(), "{fault}");
    }
}

#[tokio::test]
async fn a_trigger_that_fires_always_covers_too_and_so_do_two_that_share_the_operations() {
    let (test, health) = posts().await;
    test.run("ALTER TABLE posts ENABLE ALWAYS TRIGGER \"00_threadline_audit_capture\"")
        .await;
    assert_eq!(
        status(&health, &test, POSTS).await.0,
        CoverageStatus::Covered
    );
    test.run(
        "DO $$ DECLARE f text := (SELECT oid::regproc::text FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%'); BEGIN
           EXECUTE format('CREATE OR REPLACE TRIGGER \"00_threadline_audit_capture\" AFTER INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION %s()', f);
           EXECUTE format('CREATE TRIGGER second AFTER UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION %s()', f);
         END $$",
    )
    .await;
    assert_eq!(
        status(&health, &test, POSTS).await.0,
        CoverageStatus::Covered
    );
}

#[tokio::test]
async fn a_table_with_a_broken_capture_or_a_declaration_is_never_an_expected_gap() {
    let (test, health) = posts().await;
    test.run("CREATE TABLE drafts (id int PRIMARY KEY); ALTER TABLE posts DISABLE TRIGGER ALL")
        .await;
    let health = health
        .expected_gaps([table("posts"), table("drafts")])
        .declare([declared("drafts", CapturePolicy::default())]);
    assert_eq!(
        status(&health, &test, POSTS).await.0,
        CoverageStatus::Uncovered
    );
    assert_eq!(
        status(&health, &test, "drafts").await.0,
        CoverageStatus::Uncovered
    );
}

#[tokio::test]
async fn a_partition_whose_trigger_is_disabled_uncovers_its_root() {
    let sql = "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF parts FOR VALUES FROM (10) TO (20)";
    let test = TestDb::with_tables(sql, &["parts"]).await;
    let health = super::health(&test).await;
    assert_eq!(
        status(&health, &test, "parts").await,
        (CoverageStatus::Covered, vec![])
    );
    test.run("ALTER TABLE high DISABLE TRIGGER \"00_threadline_audit_capture\"")
        .await;
    let (status, gaps) = status(&health, &test, "parts").await;
    assert_eq!(status, CoverageStatus::Uncovered);
    assert!(
        gaps[0].to_string().contains("of `high` is disabled"),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn without_the_audit_schema_the_check_fails_instead_of_reporting_nothing() {
    let test = TestDb::new().await;
    test.run("DROP SCHEMA threadline CASCADE").await;
    let err = Health::new().fetch_coverage(&test.db).await.unwrap_err();
    assert!(
        matches!(err, threadline::Error::NotInstalled { .. }),
        "{err:?}"
    );
    let test = TestDb::new().await;
    let (_, db) = test.login("").await;
    let err = Health::new().fetch_findings(&db).await.unwrap_err();
    assert!(
        matches!(err, threadline::Error::NotPermitted { .. }),
        "{err:?}"
    );
}
