//! Which tables are captured, on a page.

use actix_web::HttpRequest;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline::health::{DeclaredTable, Health};
use threadline_actix::surface::OperatorSurface;

use super::site::{Got, get, get_from, only_alice, request};
use crate::support::TestDb;

async fn with(db: &DatabaseConnection, health: Health, path: &str) -> Got {
    let surface = OperatorSurface::new(db.clone(), only_alice).health(health);
    get_from(surface, "/audit", request(&format!("/audit{path}"))).await
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

#[actix_web::test]
async fn tables_that_need_capture_come_first_and_findings_have_the_command_that_puts_them_right() {
    let db = TestDb::new("coverage_page").await.connect(2).await;
    run(&db, "CREATE TABLE bills (id int PRIMARY KEY); CREATE TABLE sessions (id int PRIMARY KEY); CREATE TABLE seaql_migrations (version text PRIMARY KEY)").await;
    let declared = DeclaredTable {
        name: "bills".parse().unwrap(),
        policy: Default::default(),
        key: vec!["id".to_owned()],
    };
    let gap = ["sessions".parse().unwrap()];
    let health = || {
        Health::new()
            .declare([declared.clone()])
            .expected_gaps(gap.clone())
    };
    let json = with(&db, health(), "/coverage.json").await.json();
    let tables: Vec<_> = json["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| {
            let word = |name: &str| table[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {}",
                word("table_name"),
                word("status"),
                word("expected")
            )
        })
        .collect();
    assert_eq!(
        tables,
        [
            "bills uncovered -",
            "notes covered -",
            "seaql_migrations expected_gap migrations",
            "sessions expected_gap configured",
        ]
    );
    assert_eq!(
        json["summary"],
        serde_json::json!({"covered": 1, "uncovered": 1, "expected_gaps": 2})
    );
    let page = with(&db, health(), "/coverage").await;
    for shown in [
        "it has no capture trigger",
        "needs capture",
        "migrations that were applied",
        "cargo threadline gen-triggers --again --tables bills",
        "cargo threadline health coverage --schema public",
        "cargo threadline health findings",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
}

#[actix_web::test]
async fn the_schema_is_picked_and_one_that_is_not_there_is_named() {
    let db = TestDb::new("coverage_schema").await.connect(2).await;
    run(
        &db,
        "CREATE SCHEMA billing; CREATE TABLE billing.payments (id int PRIMARY KEY)",
    )
    .await;
    for (query, tables) in [
        ("", vec!["notes"]),
        ("?schema=billing", vec!["payments"]),
        ("?schema=*", vec!["payments", "notes"]),
    ] {
        let json = get(&db, &format!("/audit/coverage.json{query}")).await;
        let json = json.json();
        let found: Vec<_> = json["tables"]
            .as_array()
            .unwrap()
            .iter()
            .map(|table| table["table_name"].as_str().unwrap())
            .collect();
        assert_eq!(found, tables, "{query}");
        // What is wrong elsewhere is not kept back.
        let findings = json["findings"].as_array().unwrap();
        assert!(
            findings
                .iter()
                .any(|finding| finding["table_name"] == "payments"),
            "{query}: {json}"
        );
    }
    let got = get(&db, "/audit/coverage?schema=bilings").await;
    assert_eq!(got.status, 422);
    assert!(got.body.contains("billing, public"), "{}", got.body);
}

#[actix_web::test]
async fn every_page_says_how_many_tables_need_capture_and_leads_there() {
    let db = TestDb::new("coverage_pill").await.connect(1).await;
    let pill = async || {
        let page = get(&db, "/audit/timeline").await;
        let link = page.link("covered").or_else(|| page.link("capture"));
        (link, page.body)
    };
    let (link, body) = pill().await;
    assert_eq!(link.as_deref(), Some("/audit/coverage"));
    assert!(body.contains("all tables covered"), "{body}");
    run(&db, "DROP TRIGGER \"00_threadline_audit_capture\" ON notes").await;
    let (_, body) = pill().await;
    assert!(body.contains("1 table needs capture"), "{body}");
}

#[actix_web::test]
async fn a_count_that_can_not_be_read_breaks_no_page() {
    let test_db = TestDb::new("coverage_fault").await;
    let db = test_db.connect(1).await;
    // Coverage asks the catalogue for the digest of every function.
    run(
        &db,
        "DROP ROLE IF EXISTS actix_coverage_fault; CREATE ROLE actix_coverage_fault LOGIN IN ROLE threadline_reader; REVOKE EXECUTE ON FUNCTION pg_catalog.sha256(bytea) FROM PUBLIC",
    )
    .await;
    run(&db, "SET ROLE actix_coverage_fault").await;
    let page = get(&db, "/audit/timeline").await;
    run(&db, "RESET ROLE; DROP ROLE actix_coverage_fault").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!page.body.contains("class=\"pill"), "{}", page.body);
}

#[actix_web::test]
async fn the_home_page_says_how_the_audit_stands_to_who_may_know() {
    let db = TestDb::new("coverage_home").await.connect(1).await;
    run(&db, "CREATE TABLE bills (id int PRIMARY KEY)").await;
    let json = get(&db, "/audit/index.json").await.json();
    assert_eq!(
        json["standing"],
        serde_json::json!({"gaps": 1, "drift": 0, "overdue_days": null, "failed_exports": 0})
    );
    let page = get(&db, "/audit/").await;
    assert!(page.body.contains("Policies as declared"), "{}", page.body);
    let nobody = async |_: &HttpRequest| Ok::<_, std::io::Error>(false);
    let closed = OperatorSurface::new(db.clone(), only_alice).authorize_policies(nobody);
    let page = get_from(closed, "/audit", request("/audit/")).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("Policies as declared"), "{}", page.body);
}
