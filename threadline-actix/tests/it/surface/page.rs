//! What holds for every page.

use actix_web::http::Method;
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;

use super::{
    routes::{self, twin},
    site::{get, get_from, request, surface},
};
use crate::{
    events::Recorder,
    support::{TestDb, written},
};

#[actix_web::test]
async fn every_page_has_strict_headers_and_no_inline_code() {
    let db = TestDb::new("page_headers").await.connect(2).await;
    written(&db).await;
    for (path, got) in routes::walk(&db).await {
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        let policy = &got.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'; "), "{path}");
        for allowed in ["unsafe", "data:", "http", "*"] {
            assert!(!policy.contains(allowed), "{path}: {policy}");
        }
        for directive in [
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert_eq!(got.headers["cache-control"], "no-store", "{path}");
        assert_eq!(got.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(got.headers["referrer-policy"], "same-origin", "{path}");
        for inline in [" style=", "<style", "<script>", " onclick=", "javascript:"] {
            assert!(!got.body.contains(inline), "{path} has {inline}");
        }
    }
}

#[actix_web::test]
async fn every_page_has_a_twin_of_a_known_version_by_extension_and_by_accept() {
    let db = TestDb::new("page_twin").await.connect(2).await;
    written(&db).await;
    for path in routes::all(&db).await {
        let by_extension = get(&db, &format!("/audit{}", twin(&path))).await;
        let accepted =
            request(&format!("/audit{path}")).insert_header(("accept", "application/json"));
        let by_accept = get_from(surface(&db), "/audit", accepted).await;
        for got in [&by_extension, &by_accept] {
            assert_eq!(got.status, 200, "{path}: {}", got.body);
            assert_eq!(
                got.headers["content-type"],
                "application/json; charset=utf-8"
            );
            assert_eq!(got.json()["schema_version"], 1, "{path}");
        }
        let page = get(&db, &format!("/audit{path}")).await;
        let link = page.link("this page as JSON").unwrap();
        let (expected, _) = twin(&path)
            .split_once('?')
            .map_or((twin(&path), ""), |(path, _)| (path.to_owned(), ""));
        assert!(
            link.starts_with(&format!("/audit{expected}")),
            "{path}: {link}"
        );
        assert_eq!(get(&db, &link).await.status, 200, "{path}: {link}");
    }
}

#[actix_web::test]
async fn every_page_names_its_command() {
    let db = TestDb::new("page_command").await.connect(2).await;
    written(&db).await;
    for (path, got) in routes::walk(&db).await {
        assert!(got.body.contains(">cargo threadline "), "{path}");
    }
}

#[actix_web::test]
async fn a_parameter_that_a_page_does_not_know_is_named() {
    let db = TestDb::new("page_parameter").await.connect(2).await;
    written(&db).await;
    for path in routes::all(&db).await {
        let separator = if path.contains('?') { '&' } else { '?' };
        let got = get(&db, &format!("/audit{path}{separator}tabel=posts")).await;
        assert_eq!(got.status, 422, "{path}");
        assert!(got.body.contains("tabel"), "{path}");
        assert_eq!(got.headers["cache-control"], "no-store", "{path}");
    }
}

#[actix_web::test]
async fn a_page_is_read_over_one_connection_and_gives_it_back() {
    let db = TestDb::new("page_connection").await.connect(1).await;
    written(&db).await;
    for path in routes::all(&db).await {
        for _ in 0..3 {
            assert_eq!(
                get(&db, &format!("/audit{path}")).await.status,
                200,
                "{path}"
            );
        }
    }
}

#[actix_web::test]
async fn what_is_not_there_is_a_404_in_the_format_that_was_asked_for() {
    let db = TestDb::new("page_missing").await.connect(2).await;
    let page = get(&db, "/audit/nowhere").await;
    assert_eq!(page.status, 404);
    assert!(page.headers["content-type"].starts_with("text/html"));
    let json = get(&db, "/audit/nowhere.json").await;
    assert_eq!(json.status, 404);
    assert_eq!(json.json()["error"]["kind"], "not_found");
}

#[actix_web::test]
async fn assets_are_kept_for_good_under_the_name_of_their_content() {
    let db = TestDb::new("page_assets").await.connect(1).await;
    let page = get(&db, "/audit/timeline").await;
    for (extension, content_type) in [
        (".css", "text/css"),
        (".js", "text/javascript"),
        (".svg", "image/svg+xml"),
    ] {
        let at = page.body.find(extension).unwrap();
        let start = page.body[..at].rfind('"').unwrap();
        let path = page.body[start + 1..at + extension.len()].replace("&#x2f;", "/");
        let asset = get(&db, &path).await;
        assert_eq!(asset.status, 200, "{path}");
        assert!(
            asset.headers["content-type"].starts_with(content_type),
            "{path}"
        );
        assert!(
            asset.headers["cache-control"].contains("immutable"),
            "{path}"
        );
    }
    assert_eq!(get(&db, "/audit/assets/style.css").await.status, 404);
}

#[actix_web::test]
async fn now_is_what_the_clock_of_the_database_says() {
    let test_db = TestDb::new("page_clock").await;
    let db = test_db.connect(1).await;
    written(&db).await;
    // A clock that is an hour fast, for the connections to come.
    db.execute_unprepared(
        "CREATE SCHEMA fast;
         CREATE FUNCTION fast.clock_timestamp() RETURNS timestamptz LANGUAGE sql
           AS 'SELECT pg_catalog.clock_timestamp() + pg_catalog.make_interval(hours => 1)';
         ALTER DATABASE actix_page_clock SET search_path = fast, pg_catalog, public",
    )
    .await
    .unwrap();
    let db = test_db.connect(1).await;
    for path in ["rows/public.notes/1", "timeline", "actors/user/bob"] {
        let page = get(&db, &format!("/audit/{path}.json")).await.json();
        let now: DateTime<Utc> = page["now"].as_str().unwrap().parse().unwrap();
        let ahead = now - Utc::now();
        assert!((50..=70).contains(&ahead.num_minutes()), "{path}: {ahead}");
    }
}

#[actix_web::test]
async fn a_page_is_shown_without_the_saved_views_that_can_not_be_read() {
    let db = TestDb::new("page_views").await.connect(1).await;
    written(&db).await;
    let renamed = "ALTER TABLE threadline.audit_saved_views RENAME TO elsewhere";
    db.execute_unprepared(renamed).await.unwrap();
    let (recorder, guard) = Recorder::listen();
    for path in ["", "timeline"] {
        let got = get(&db, &format!("/audit/{path}")).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        assert!(got.body.contains("note.deleted"), "{path}: {}", got.body);
        assert!(!got.body.contains("Save this view"), "{path}");
    }
    // The twin of the timeline has none.
    assert_eq!(get(&db, "/audit/timeline.json").await.status, 200);
    drop(guard);
    let events = recorder.checked(&["bob"]);
    let names: Vec<_> = events.iter().map(|event| event.name).collect();
    assert_eq!(names, ["surface.saved_views_failed"; 2]);
}

#[actix_web::test]
async fn what_an_address_does_not_take_is_said_with_what_it_takes() {
    let db = TestDb::new("page_allow").await.connect(1).await;
    let page = get(&db, "/audit/timeline").await;
    let style = page.link(".css").unwrap();
    for (path, taken, status) in [
        ("/audit/find?actor=user:bob", "GET, HEAD", 303),
        (style.as_str(), "GET, HEAD", 200),
        ("/audit/export.csv", "GET", 405),
    ] {
        let head = request(path).method(Method::HEAD);
        let got = get_from(surface(&db), "/audit", head).await;
        assert_eq!(got.status, status, "{path}");
        let post = request(path).method(Method::POST);
        let got = get_from(surface(&db), "/audit", post).await;
        assert_eq!((got.status, got.headers["allow"].as_str()), (405, taken));
    }
}

#[actix_web::test]
async fn what_a_notice_quotes_is_code() {
    let db = TestDb::new("page_prose").await.connect(1).await;
    let got = get(&db, "/audit/find?table=a.b.c&id=1").await;
    assert_eq!(got.status, 422);
    assert!(
        got.body.contains("<code><bdi>a.b.c</bdi></code>"),
        "{}",
        got.body
    );
    assert!(!got.body.contains('`'), "{}", got.body);
}
