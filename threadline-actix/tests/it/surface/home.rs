use actix_web::{App, dev::Service as _, middleware::from_fn, test::init_service, web};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use threadline::{ActorRef, saved_view::save_view};
use threadline_actix::RequestCapture;

use super::site::{get, read, request, surface};
use crate::support::{TestDb, actor_from_request, authentication, written};

#[actix_web::test]
async fn home_shows_what_just_happened_and_finds_what_is_looked_for() {
    let db = TestDb::new("home").await.connect(2).await;
    for path in ["/audit", "/audit/"] {
        let empty = get(&db, path).await;
        assert_eq!(empty.status, 200, "{path}");
        assert!(
            empty.body.contains("Nothing has been recorded yet"),
            "{path}"
        );
    }
    written(&db).await;
    let page = get(&db, "/audit/").await;
    let body = page.body.replace("&#x2f;", "/");
    for shown in [
        "note.deleted",
        "Who changed what",
        "/audit/actors/user/alice",
        "No export failed lately",
    ] {
        assert!(body.contains(shown), "{shown}");
    }
    for (query, place) in [
        ("table=notes&id=1", "/audit/rows/public.notes/1"),
        ("request=req-1", "/audit/requests/req-1"),
        ("correlation=flow-1", "/audit/correlations/flow-1"),
        ("actor=user:bob", "/audit/actors/user/bob"),
    ] {
        let got = get(&db, &format!("/audit/find?{query}")).await;
        assert_eq!((got.status, got.headers["location"].as_str()), (303, place));
        assert_eq!(get(&db, place).await.status, 200, "{place}");
    }
    let wrong = get(&db, "/audit/find?actor=bob").await;
    assert_eq!(wrong.status, 422);
}

#[actix_web::test]
async fn how_the_audit_stands_is_read_now_and_then() {
    let db = TestDb::new("home_chips").await.connect(1).await;
    let app = App::new()
        .service(web::scope("/audit").service(surface(&db)))
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    let home = async || read(app.call(request("/audit/").to_request()).await.unwrap()).await;
    assert!(home().await.body.contains("No export failed lately"));
    let failed = "INSERT INTO threadline.audit_export_jobs (actor_type, actor_id, format, filters, row_limit, keep_seconds, max_attempts, status, finished_at)
                  VALUES ('user', 'bob', 'csv', '{}', 1, 1, 1, 'failed', now())";
    db.execute_unprepared(failed).await.unwrap();
    // As it was a moment ago; a surface that has not looked yet looks.
    assert!(home().await.body.contains("No export failed lately"));
    let fresh = get(&db, "/audit/").await;
    assert!(
        fresh.body.contains("1 export failed lately"),
        "{}",
        fresh.body
    );
}

#[actix_web::test]
async fn the_twin_of_home_has_the_saved_views() {
    let db = TestDb::new("home_views").await.connect(1).await;
    let alice = ActorRef::user("alice").unwrap();
    let none = get(&db, "/audit/index.json").await.json();
    assert_eq!(none["views"], json!([]));
    let view = save_view(&alice, "Deleted notes").filter("op", "delete");
    view.insert(&db).await.unwrap();
    let some = get(&db, "/audit/index.json").await.json();
    assert_eq!(
        some["views"],
        json!([{"name": "Deleted notes", "filters": {"op": "delete"}}])
    );
}
