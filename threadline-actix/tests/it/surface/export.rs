//! The timeline as a file.

use std::convert::Infallible;

use actix_web::HttpRequest;
use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _};
use threadline::{ChangeScope, entity::audit_action};
use threadline_actix::surface::{Access, OperatorSurface};

use super::site::{Got, as_user, get, get_from, only_alice, request, surface};
use crate::support::{TestDb, written};

async fn exported(db: &DatabaseConnection, path: &str) -> Got {
    let surface = surface(db).authorize_export(only_alice);
    get_from(surface, "/audit", request(path)).await
}

#[actix_web::test]
async fn a_file_holds_what_the_filters_find_in_each_format() {
    let db = TestDb::new("export_formats").await.connect(1).await;
    written(&db).await;
    for (extension, content_type) in [
        ("csv", "text/csv"),
        ("json", "application/json"),
        ("ndjson", "application/x-ndjson"),
    ] {
        let got = exported(&db, &format!("/audit/export.{extension}?op=update")).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(
            got.headers["content-type"].starts_with(content_type),
            "{extension}"
        );
        let disposition = &got.headers["content-disposition"];
        assert!(
            disposition.starts_with("attachment; filename=\"threadline-"),
            "{disposition}"
        );
        assert!(
            disposition.ends_with(&format!(".{extension}\"")),
            "{disposition}"
        );
        assert_eq!(got.headers["cache-control"], "no-store");
        assert_eq!(got.headers["x-threadline-limit"], "100000");
        assert!(got.body.contains("second title"), "{}", got.body);
        assert!(
            !got.body.contains("\"insert\"") && !got.body.contains(",insert,"),
            "{}",
            got.body
        );
    }
}

#[actix_web::test]
async fn a_cut_file_says_so_in_its_last_record() {
    let db = TestDb::new("export_cut").await.connect(1).await;
    written(&db).await;
    let surface = surface(&db).authorize_export(only_alice).export_limit(2);
    let got = get_from(surface, "/audit", request("/audit/export.ndjson")).await;
    assert_eq!(got.headers["x-threadline-limit"], "2");
    let last: serde_json::Value = serde_json::from_str(got.body.lines().last().unwrap()).unwrap();
    let text = last.to_string();
    assert!(text.contains("\"complete\":false"), "{text}");
    assert!(text.contains("\"cut_by\":\"limit\""), "{text}");
}

#[actix_web::test]
async fn an_export_is_recorded_as_an_action_of_who_asked() {
    let db = TestDb::new("export_recorded").await.connect(1).await;
    written(&db).await;
    exported(&db, "/audit/export.csv?table=notes").await;
    let recorded = audit_action::Entity::find()
        .order_by_desc(audit_action::Column::Id)
        .one(&db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(recorded.name, "audit.exported");
    assert_eq!(
        (recorded.actor_type.as_str(), recorded.actor_id.as_deref()),
        ("user", Some("alice"))
    );
    assert_eq!(recorded.request_id.as_deref(), Some("r-1"));
    let details = recorded.details.unwrap().parse().unwrap();
    assert_eq!(
        details,
        serde_json::json!({"format": "csv", "filters": {"table": "notes"}, "limit": 100_000, "scoped": false})
    );
}

#[actix_web::test]
async fn a_denied_export_is_a_403_in_plain_text_that_names_the_command_and_records_nothing() {
    let db = TestDb::new("export_denied").await.connect(1).await;
    written(&db).await;
    let open = || surface(&db).authorize_export(only_alice);
    let reader = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Everything);
    let read_only = OperatorSurface::new(db.clone(), reader).authorize_export(only_alice);
    let from = |site| request("/audit/export.csv").insert_header(("sec-fetch-site", site));
    let answers = [
        get_from(surface(&db), "/audit", request("/audit/export.csv")).await,
        get_from(read_only, "/audit", as_user("bob", "/audit/export.csv")).await,
        get_from(open(), "/audit", from("cross-site")).await,
        get_from(open(), "/audit", from("same-site")).await,
    ];
    for got in answers {
        assert_eq!(got.status, 403);
        assert_eq!(got.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(got.headers["cache-control"], "no-store");
        assert!(got.body.contains("cargo threadline export"), "{}", got.body);
    }
    let names: Vec<_> = audit_action::Entity::find().all(&db).await.unwrap();
    assert!(
        names.iter().all(|action| action.name != "audit.exported"),
        "{names:?}"
    );
}

#[actix_web::test]
async fn an_export_without_an_actor_is_refused() {
    let db = TestDb::new("export_nobody").await.connect(1).await;
    let everybody = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Everything);
    let surface = OperatorSurface::unprotected_for_development(db).authorize_export(everybody);
    let nobody = actix_web::test::TestRequest::get().uri("/audit/export.csv");
    let got = get_from(surface, "/audit", nobody).await;
    assert_eq!(got.status, 403);
    assert!(got.body.contains("names nobody"), "{}", got.body);
}

#[actix_web::test]
async fn a_scoped_export_holds_the_scope_and_no_more() {
    let db = TestDb::new("export_scope").await.connect(1).await;
    written(&db).await;
    let scoped = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Scope("other"));
    let surface = OperatorSurface::new(db.clone(), scoped)
        .authorize_export(scoped)
        .scope_query(|title: &&str| ChangeScope::column_is("title", title));
    let got = get_from(surface, "/audit", request("/audit/export.csv")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert!(got.body.contains("other"), "{}", got.body);
    assert!(!got.body.contains("first title"), "{}", got.body);
    // Without `scope_query` nothing is served.
    let surface = OperatorSurface::new(db.clone(), scoped).authorize_export(scoped);
    let got = get_from(surface, "/audit", request("/audit/export.csv")).await;
    assert_eq!(got.status, 500);
}

#[actix_web::test]
async fn a_bad_filter_of_an_export_is_a_422_in_plain_text() {
    let db = TestDb::new("export_filter").await.connect(1).await;
    for (query, name) in [
        ("op=drop", "op"),
        ("q=nonsense", "q"),
        ("after=x", "after"),
        ("from=2026-02-01&to=2026-01-01", "from"),
    ] {
        let got = exported(&db, &format!("/audit/export.csv?{query}")).await;
        assert_eq!(got.status, 422, "{query}: {}", got.body);
        assert!(got.body.contains(&format!("“{name}”")), "{}", got.body);
        assert!(got.headers["content-type"].starts_with("text/plain"));
    }
}

#[actix_web::test]
async fn the_timeline_links_to_its_files_where_there_are_any() {
    let db = TestDb::new("export_links").await.connect(1).await;
    written(&db).await;
    let with = exported(&db, "/audit/timeline?op=update").await;
    assert_eq!(
        with.link("CSV").as_deref(),
        Some("/audit/export.csv?op=update")
    );
    let without = get(&db, "/audit/timeline").await;
    assert_eq!(without.link("/export."), None);
}

#[actix_web::test]
async fn who_may_not_read_the_trail_does_not_learn_that_there_are_exports() {
    let db = TestDb::new("export_hidden").await.connect(1).await;
    let answers = [
        get_from(surface(&db), "/audit", as_user("mallory", "/audit/nothing")).await,
        get_from(
            surface(&db),
            "/audit",
            as_user("mallory", "/audit/export.csv"),
        )
        .await,
        exported_by_mallory(&db).await,
    ];
    for got in &answers {
        assert_eq!(got.status, 404);
        assert_eq!(got.body, answers[0].body);
    }
}

async fn exported_by_mallory(db: &DatabaseConnection) -> Got {
    let everybody = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Everything);
    let surface = surface(db).authorize_export(everybody);
    get_from(surface, "/audit", as_user("mallory", "/audit/export.csv")).await
}
