//! A pool of one connection: whatever a request leaves behind on it, the next one would get.

use std::panic::AssertUnwindSafe;

use actix_web::{
    App, HttpResponse,
    dev::Service as _,
    middleware::from_fn,
    test::{TestRequest, init_service},
    web,
};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline_actix::{AuditError, AuditedDb, RequestCapture};
use tokio::sync::Notify;

use crate::support::{TestDb, actor_from_request, authentication, trail};

/// Writes in an audited transaction, then panics.
async fn panics(db: AuditedDb) -> Result<HttpResponse, AuditError> {
    db.transaction(async |txn| -> Result<(), AuditError> {
        txn.execute_unprepared("INSERT INTO notes VALUES (1, 'never committed')")
            .await?;
        panic!("the handler is broken")
    })
    .await?;
    Ok(HttpResponse::Ok().finish())
}

/// Writes in an audited transaction, says so, and never ends.
async fn hangs(db: AuditedDb, reached: web::Data<Notify>) -> Result<HttpResponse, AuditError> {
    let txn = db.begin().await?;
    txn.execute_unprepared("INSERT INTO notes VALUES (1, 'never committed')")
        .await?;
    reached.notify_one();
    std::future::pending().await
}

async fn writes(db: AuditedDb) -> Result<HttpResponse, AuditError> {
    db.execute_unprepared("INSERT INTO notes VALUES (1, 'by a request')")
        .await?;
    Ok(HttpResponse::Ok().finish())
}

/// Runs one request of Alice until it ends, panics, or (for `/hangs`) is dropped in the middle.
async fn request(db: &DatabaseConnection, path: &str) {
    let reached = web::Data::new(Notify::new());
    let app = App::new()
        .app_data(web::Data::new(db.clone()))
        .app_data(reached.clone())
        .route("/panics", web::post().to(panics))
        .route("/hangs", web::post().to(hangs))
        .route("/writes", web::post().to(writes))
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("authorization", "alice"));
    let handled = AssertUnwindSafe(app.call(request.to_request())).catch_unwind();
    tokio::select! {
        ended = handled => assert_eq!(ended.is_err(), path == "/panics"),
        () = reached.notified() => assert_eq!(path, "/hangs"),
    }
}

async fn plain_write(db: &DatabaseConnection) {
    db.execute_unprepared("INSERT INTO notes VALUES (2, 'by nobody')")
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_panic_in_a_transaction_leaves_no_context_behind() {
    let db = TestDb::new("panic").await.connect(1).await;
    request(&db, "/panics").await;
    assert_eq!(threadline::context::current(), None);
    plain_write(&db).await;
    assert_eq!(trail(&db).await, ["insert 2 - - -"]);
}

#[actix_web::test]
async fn a_request_dropped_in_a_transaction_leaves_no_context_behind() {
    let db = TestDb::new("dropped").await.connect(1).await;
    request(&db, "/hangs").await;
    assert_eq!(threadline::context::current(), None);
    plain_write(&db).await;
    assert_eq!(trail(&db).await, ["insert 2 - - -"]);
}

#[actix_web::test]
async fn a_finished_request_leaves_no_context_behind() {
    let db = TestDb::new("finished").await.connect(1).await;
    request(&db, "/writes").await;
    plain_write(&db).await;
    let trail = trail(&db).await;
    assert!(trail[0].starts_with("insert 1 user:alice "), "{trail:?}");
    assert_eq!(trail[1], "insert 2 - - -");
}
