use std::{
    io,
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpResponse,
    dev::Service as _,
    middleware::from_fn,
    test::{TestRequest, init_service},
    web,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, EntityTrait as _};
use serde_json::json;
use threadline::{entity::audit_transaction, record_action};
use threadline_actix::{Audit, AuditError, AuditedDb, RequestCapture};
use tracing::subscriber::{DefaultGuard, set_default};

use crate::events::Recorder;
use crate::support::{Answer, TestDb, actor_from_request, answer, authentication, trail};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

type Handled = Result<HttpResponse, AuditError>;

async fn in_transaction(db: AuditedDb) -> Handled {
    let written = db
        .transaction(async |txn| -> Result<_, AuditError> {
            txn.execute_unprepared("INSERT INTO notes VALUES (1, 'a'), (2, 'b')")
                .await?;
            record_action("note.imported").insert(txn).await?;
            Ok("imported")
        })
        .await?;
    Ok(HttpResponse::Ok().json((written.value, written.audit_transaction_id)))
}

async fn as_connection(db: AuditedDb) -> Handled {
    db.execute_unprepared("INSERT INTO notes VALUES (1, 'a')")
        .await?;
    db.execute_unprepared("UPDATE notes SET title = 'b'")
        .await?;
    Ok(HttpResponse::Ok().finish())
}

async fn begun(db: AuditedDb) -> Handled {
    let txn = db.begin().await?;
    txn.execute_unprepared("INSERT INTO notes VALUES (1, 'a')")
        .await?;
    Ok(HttpResponse::Ok().json(txn.commit().await?))
}

async fn forgotten_commit(db: AuditedDb) -> Handled {
    let txn = db.begin().await?;
    txn.execute_unprepared("INSERT INTO notes VALUES (1, 'a')")
        .await?;
    Ok(HttpResponse::Ok().finish())
}

async fn failing(db: AuditedDb) -> Handled {
    db.transaction(async |txn| -> Result<_, AuditError> {
        txn.execute_unprepared("INSERT INTO notes VALUES (1, 'a')")
            .await?;
        Ok(txn.execute_unprepared("SELECT 'secret'::int").await?)
    })
    .await?;
    Ok(HttpResponse::Ok().finish())
}

async fn show(audit: Audit) -> HttpResponse {
    HttpResponse::Ok().json(audit.into_context())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/in_transaction", web::post().to(in_transaction))
        .route("/as_connection", web::post().to(as_connection))
        .route("/begun", web::post().to(begun))
        .route("/forgotten_commit", web::post().to(forgotten_commit))
        .route("/failing", web::post().to(failing))
        .route("/show", web::post().to(show));
}

/// Posts to a complete application as Alice, in request `r-1` of the flow `demo`.
async fn post(db: &DatabaseConnection, path: &str) -> Answer {
    post_as(db, path, Some("alice")).await
}

async fn post_as(db: &DatabaseConnection, path: &str, user: Option<&str>) -> Answer {
    let app = App::new()
        .app_data(web::Data::new(db.clone()))
        .configure(routes)
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    let mut request = TestRequest::post()
        .uri(path)
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("x-correlation-id", "demo"))
        .insert_header(("traceparent", TRACE));
    if let Some(user) = user {
        request = request.insert_header(("authorization", user));
    }
    answer(app.call(request.to_request()).await).await
}

#[actix_web::test]
async fn a_transaction_carries_the_request_and_returns_its_handle() {
    let db = TestDb::new("in_transaction").await.connect(2).await;
    let answer = post(&db, "/in_transaction").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body[0], json!("imported"));
    assert!(answer.body[1].is_i64());
    assert_eq!(
        trail(&db).await,
        [
            "insert 1 user:alice r-1 demo",
            "insert 2 user:alice r-1 demo"
        ]
    );
}

#[actix_web::test]
async fn the_traceparent_of_a_request_is_in_the_trail() {
    let db = TestDb::new("traceparent").await.connect(2).await;
    assert_eq!(post(&db, "/begun").await.status, 200);
    let recorded = audit_transaction::Entity::find().all(&db).await.unwrap();
    let traces: Vec<_> = recorded
        .iter()
        .map(|transaction| transaction.traceparent.as_deref())
        .collect();
    assert_eq!(traces, [Some(TRACE)]);
}

#[actix_web::test]
async fn as_a_connection_every_statement_is_attributed() {
    let db = TestDb::new("as_connection").await.connect(2).await;
    assert_eq!(post(&db, "/as_connection").await.status, 200);
    assert_eq!(
        trail(&db).await,
        [
            "insert 1 user:alice r-1 demo",
            "update 1 user:alice r-1 demo"
        ]
    );
}

#[actix_web::test]
async fn a_begun_transaction_is_committed_by_the_handler() {
    let db = TestDb::new("begun").await.connect(2).await;
    assert!(post(&db, "/begun").await.body.is_i64());
    assert_eq!(trail(&db).await, ["insert 1 user:alice r-1 demo"]);
}

#[actix_web::test]
async fn a_forgotten_commit_writes_nothing() {
    let db = TestDb::new("forgotten_commit").await.connect(1).await;
    assert_eq!(post(&db, "/forgotten_commit").await.status, 200);
    assert_eq!(trail(&db).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_write_without_an_actor_is_a_401_and_writes_nothing() {
    let db = TestDb::new("no_actor").await.connect(2).await;
    for path in ["/in_transaction", "/as_connection", "/begun"] {
        let answer = post_as(&db, path, None).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(
            answer.body,
            json!({"error": "authentication required", "request_id": "r-1"}),
            "{path}"
        );
    }
    assert_eq!(trail(&db).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_fault_of_the_database_is_opaque_to_the_client_and_told_without_the_value_it_quotes() {
    let db = TestDb::new("fault").await.connect(2).await;
    let (recorder, guard) = Recorder::listen();
    let answer = post(&db, "/failing").await;
    drop(guard);
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.body,
        json!({"error": "internal server error", "request_id": "r-1"})
    );
    let events = recorder.checked(&["secret", "alice"]);
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.name, "request.failed");
    for (field, value) in [
        ("request_id", "r-1"),
        ("error_kind", "database"),
        ("sqlstate", "22P02"),
    ] {
        assert_eq!(event.fields[field], value);
    }
    assert!(!event.fields.contains_key("fix"), "{event:?}");
    assert_eq!(trail(&db).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_missing_middleware_is_a_500_whose_log_line_says_what_to_add() {
    let log = Log::default();
    let guard = log.listen();
    let app = init_service(App::new().configure(routes)).await;
    for path in ["/show", "/begun"] {
        let request = TestRequest::post().uri(path).to_request();
        let answer = answer(app.call(request).await).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.body, json!({"error": "internal server error"}));
    }
    drop(guard);
    let log = log.text();
    assert_eq!(
        log.matches(".wrap(RequestCapture::new(actor_function))")
            .count(),
        2,
        "{log}"
    );
}

#[actix_web::test]
async fn a_missing_connection_is_a_500_whose_log_line_says_what_to_add() {
    let log = Log::default();
    let guard = log.listen();
    let app = App::new()
        .configure(routes)
        .wrap(RequestCapture::new(actor_from_request));
    let app = init_service(app).await;
    let answer = answer(
        app.call(TestRequest::post().uri("/begun").to_request())
            .await,
    )
    .await;
    drop(guard);
    assert_eq!(answer.status, 500);
    assert_eq!(answer.body["error"], json!("internal server error"));
    let log = log.text();
    assert!(log.contains(".app_data(web::Data::new(db))"), "{log}");
}

/// What is logged while somebody listens.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> DefaultGuard {
        let log = self.clone();
        set_default(
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || log.clone())
                .finish(),
        )
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
