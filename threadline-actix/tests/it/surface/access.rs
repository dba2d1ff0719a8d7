//! Who gets in.

use actix_web::{HttpRequest, http::Method};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use threadline_actix::surface::{Access, OperatorSurface};

use super::{
    routes::{self, twin},
    site::{as_user, get_from, request, surface},
};
use crate::{
    events::Recorder,
    support::{TestDb, written},
};

#[actix_web::test]
async fn who_is_denied_reads_the_same_404_on_every_path() {
    let db = TestDb::new("access_denied").await.connect(2).await;
    written(&db).await;
    let mut paths = routes::all(&db).await;
    paths.extend(paths.clone().iter().map(|path| twin(path)));
    for path in [
        "",
        "/",
        "/nowhere",
        "/assets/style.css",
        "/timeline?op=wrong",
        "/transactions/99999",
    ] {
        paths.push(path.to_owned());
    }
    let mut bodies = Vec::new();
    for path in paths {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let denied = as_user("mallory", &format!("/audit{path}")).method(method);
            let got = get_from(surface(&db), "/audit", denied).await;
            assert_eq!(got.status, 404, "{path}");
            assert!(!got.body.contains("Threadline"), "{path}");
            bodies.push(got.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[actix_web::test]
async fn an_error_of_authorize_denies_and_is_told_without_its_text() {
    let db = TestDb::new("access_error").await.connect(2).await;
    let failing =
        async |_: &HttpRequest| -> Result<Access, String> { Err("secret of mallory".to_owned()) };
    let surface = OperatorSurface::new(db, failing);
    let (recorder, guard) = Recorder::listen();
    let got = get_from(surface, "/audit", request("/audit/timeline")).await;
    drop(guard);
    assert_eq!(got.status, 404);
    assert!(!got.body.contains("secret"));
    let events = recorder.checked(&["secret", "mallory", "alice"]);
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.name, "surface.authorize_failed");
    assert_eq!(event.fields["request_id"], "r-1");
}

#[actix_web::test]
async fn a_scope_that_means_nothing_is_not_served_and_the_log_says_what_to_add() {
    let db = TestDb::new("access_scope").await.connect(2).await;
    written(&db).await;
    for path in routes::all(&db).await {
        let scoped =
            async |_: &HttpRequest| -> Result<Access<i64>, String> { Ok(Access::Scope(7)) };
        let surface = OperatorSurface::new(db.clone(), scoped);
        let (recorder, guard) = Recorder::listen();
        let got = get_from(surface, "/audit", request(&format!("/audit{path}"))).await;
        drop(guard);
        assert_eq!(got.status, 500, "{path}");
        let events = recorder.checked(&["alice"]);
        let [event] = events.as_slice() else {
            panic!("{path}: {events:?}")
        };
        assert_eq!(event.name, "request.failed");
        assert!(event.fields["fix"].contains(".scope_query("), "{event:?}");
    }
}

#[actix_web::test]
async fn a_surface_for_development_lets_everybody_in_and_says_so() {
    let db = TestDb::new("access_development").await.connect(2).await;
    let (recorder, guard) = Recorder::listen();
    let surface = OperatorSurface::unprotected_for_development(db);
    let got = get_from(surface, "/audit", as_user("mallory", "/audit/timeline")).await;
    drop(guard);
    assert_eq!(got.status, 200);
    assert!(got.body.contains("no authorization"));
    let events = recorder.checked(&[]);
    assert!(
        events
            .iter()
            .any(|event| event.name == "surface.unprotected"),
        "{events:?}"
    );
}

#[actix_web::test]
async fn pages_are_read_only_and_other_methods_are_refused() {
    let db = TestDb::new("access_methods").await.connect(2).await;
    written(&db).await;
    for path in routes::all(&db).await {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let posted = request(&format!("/audit{path}")).method(method);
            let got = get_from(surface(&db), "/audit", posted).await;
            assert_eq!(got.status, 405, "{path}");
            assert_eq!(got.headers["x-content-type-options"], "nosniff", "{path}");
        }
        let head = request(&format!("/audit{path}")).method(Method::HEAD);
        assert_eq!(
            get_from(surface(&db), "/audit", head).await.status,
            200,
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_page_that_takes_too_long_suggests_a_narrower_filter() {
    let test_db = TestDb::new("access_timeout").await;
    let db = test_db.connect(1).await;
    let busy = test_db.connect(1).await.begin().await.unwrap();
    busy.execute_unprepared("LOCK TABLE threadline.audit_changes")
        .await
        .unwrap();
    let surface = surface(&db).statement_timeout(std::time::Duration::from_millis(50));
    let (recorder, guard) = Recorder::listen();
    let got = get_from(surface, "/audit", request("/audit/timeline")).await;
    drop(guard);
    assert_eq!(got.status, 503);
    assert!(got.body.contains("Narrow the filter"), "{}", got.body);
    let events = recorder.checked(&["alice"]);
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.name, "surface.timed_out");
}

#[actix_web::test]
async fn a_fault_of_the_database_is_opaque() {
    let db = TestDb::new("access_fault").await.connect(1).await;
    db.execute_unprepared("DROP SCHEMA threadline CASCADE")
        .await
        .unwrap();
    let (recorder, guard) = Recorder::listen();
    let got = get_from(surface(&db), "/audit", request("/audit/timeline")).await;
    drop(guard);
    assert_eq!(got.status, 500);
    assert!(!got.body.contains("relation"), "{}", got.body);
    let events = recorder.checked(&["alice"]);
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.name, event.fields["error_kind"].as_str()),
        ("request.failed", "not_installed")
    );
}
