//! Exports whose clients are slow, and those that fail when they have begun.

use std::time::Duration;

use actix_web::{
    body::to_bytes,
    dev::ServiceResponse,
    rt::{task::yield_now, time::timeout},
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _,
};
use threadline::entity::audit_action;
use threadline_actix::surface::OperatorSurface;

use super::site::{Got, get_from, only_alice, request, respond, surface};
use crate::{
    events::Recorder,
    support::{TestDb, written},
};

fn open(db: &DatabaseConnection) -> OperatorSurface {
    surface(db).authorize_export(only_alice)
}

/// Begins an export and does not read it.
async fn begun(surface: OperatorSurface) -> ServiceResponse {
    let response = respond(surface, "/audit", request("/audit/export.ndjson")).await;
    assert_eq!(response.status(), 200);
    response
}

async fn exported(surface: OperatorSurface) -> Got {
    get_from(surface, "/audit", request("/audit/export.ndjson")).await
}

/// More than a client gets without reading.
async fn much(db: &DatabaseConnection) {
    let sql = "INSERT INTO notes SELECT n, repeat('secret', 50000) FROM generate_series(1, 20) n";
    db.execute_unprepared(sql).await.unwrap();
}

/// The events that were emitted, none of which holds a value.
fn names(recorder: &Recorder) -> Vec<&'static str> {
    let events = recorder.checked(&["secret", "notes"]);
    events.into_iter().map(|event| event.name).collect()
}

/// Why a body ends before its time.
async fn broken(response: ServiceResponse) -> String {
    let error = to_bytes(response.into_body()).await.unwrap_err();
    assert!(error.source().is_none());
    format!("{error} {error:?}")
}

#[actix_web::test]
async fn an_export_that_nobody_takes_gives_its_connection_back_and_is_no_whole_file() {
    let db = TestDb::new("export_stalled").await.connect(1).await;
    much(&db).await;
    let (recorder, _guard) = Recorder::listen();
    let surface = open(&db).export_patience(Duration::from_millis(20));
    let response = begun(surface).await;
    // There is one connection, and the export has it.
    db.execute_unprepared("SELECT 1").await.unwrap();
    assert_eq!(names(&recorder), ["export.stalled"]);
    assert_eq!(broken(response).await, "the export failed Broken");
}

#[actix_web::test]
async fn an_export_that_is_sent_in_many_pieces_is_whole() {
    let db = TestDb::new("export_slow").await.connect(1).await;
    much(&db).await;
    let response = begun(open(&db)).await;
    let bytes = to_bytes(response.into_body()).await.ok().unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(text.lines().count(), 22);
    assert!(text.lines().last().unwrap().contains("\"complete\":true"));
}

#[actix_web::test]
async fn as_many_exports_run_at_a_time_as_may_and_one_more_is_a_503_that_is_not_recorded() {
    let db = TestDb::new("export_busy").await.connect(4).await;
    much(&db).await;
    // Half of the connections of the pool, whichever worker's surface is asked.
    let (first, second) = (begun(open(&db)).await, begun(open(&db)).await);
    let got = exported(open(&db)).await;
    assert_eq!(got.status, 503);
    assert_eq!(got.headers["retry-after"], "30");
    assert!(got.body.starts_with("As many exports"), "{}", got.body);
    let exports = audit_action::Entity::find()
        .filter(audit_action::Column::Name.eq("audit.exported"))
        .count(&db);
    assert_eq!(exports.await.unwrap(), 2);
    // The host may say otherwise.
    let third = begun(open(&db).exports_at_a_time(3)).await;
    drop((first, second, third));
    let again = timeout(Duration::from_secs(30), async {
        loop {
            let got = exported(open(&db).exports_at_a_time(1)).await;
            if got.status != 503 {
                break got;
            }
            yield_now().await;
        }
    });
    assert_eq!(again.await.unwrap().status, 200);
}

#[actix_web::test]
async fn what_the_database_says_of_a_failed_export_is_told_to_nobody() {
    let test = TestDb::new("export_broken").await;
    let (db, other) = (test.connect(1).await, test.connect(1).await);
    much(&db).await;
    let (recorder, _guard) = Recorder::listen();
    let response = begun(open(&db)).await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    other.execute_unprepared(sql).await.unwrap();
    assert_eq!(broken(response).await, "the export failed Broken");
    assert_eq!(names(&recorder), ["export.failed"]);
}

#[actix_web::test]
async fn an_export_takes_no_longer_for_a_statement_than_a_page() {
    let db = TestDb::new("export_slow_statement").await.connect(1).await;
    written(&db).await;
    db.execute_unprepared(
        "ALTER TABLE threadline.audit_actions RENAME TO recorded;
         CREATE VIEW threadline.audit_actions AS SELECT * FROM threadline.recorded WHERE pg_sleep(60) IS NOT NULL;
         GRANT ALL ON threadline.audit_actions TO PUBLIC",
    )
    .await
    .unwrap();
    let got = exported(open(&db).statement_timeout(Duration::from_millis(200))).await;
    assert_eq!(got.status, 503, "{}", got.body);
    assert!(got.body.contains("took longer"), "{}", got.body);
    assert!(got.body.contains("Request r-1"), "{}", got.body);
}
