//! Which exports were ordered in the background, and what became of them.

use std::convert::Infallible;

use actix_web::HttpRequest;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use threadline::ChangeScope;
use threadline_actix::surface::{Access, OperatorSurface};

use super::site::{get, get_from, request};
use crate::support::TestDb;

/// Sixty jobs of sixty actors, the newest of which failed.
async fn ordered(db: &DatabaseConnection) {
    db.execute_unprepared(
        r#"INSERT INTO threadline.audit_export_jobs
             (actor_type, actor_id, format, filters, row_limit, keep_seconds, max_attempts, status, failure, finished_at, file)
           SELECT 'admin', 'carol-' || n, 'csv', '{"table": "<notes>"}', 10, 60, 3,
                  CASE n WHEN 60 THEN 'failed' ELSE 'expired' END, CASE n WHEN 60 THEN 'storage' END, now(), 'secret'
             FROM generate_series(1, 60) n"#,
    )
    .await
    .unwrap();
}

#[actix_web::test]
async fn the_chip_leads_to_the_jobs_which_are_read_page_by_page() {
    let db = TestDb::new("export_jobs").await.connect(1).await;
    let page = get(&db, "/audit/exports").await;
    assert!(
        page.body.contains("Nobody has ordered an export"),
        "{}",
        page.body
    );
    ordered(&db).await;
    let home = get(&db, "/audit/").await;
    let mut path = home.link("1 export failed lately");
    assert_eq!(path.as_deref(), Some("/audit/exports"));
    let mut found = Vec::new();
    while let Some(at) = path {
        let page = get(&db, &at).await;
        assert_eq!(page.status, 200, "{at}");
        found.push(page.body.matches("<tr data-entry>").count());
        assert_eq!(page.body.contains(">storage<"), at == "/audit/exports");
        assert!(page.body.contains("&lt;notes&gt;"), "{}", page.body);
        path = page.link("Older");
    }
    assert_eq!(found, [50, 10]);
    let twin = get(&db, "/audit/exports.json").await;
    let job = &twin.json()["jobs"][0];
    assert_eq!(job["actor_id"], "carol-60");
    assert_eq!(job["failure"], "storage");
    // Where the file is is for the application.
    assert!(!twin.body.contains("secret"), "{}", twin.body);
    let wrong = get(&db, "/audit/exports?below=x").await;
    assert_eq!(wrong.status, 422);
}

#[actix_web::test]
async fn jobs_are_for_who_may_see_policies_and_the_whole_trail() {
    let db = TestDb::new("export_jobs_hidden").await.connect(1).await;
    ordered(&db).await;
    let everything = async |_: &HttpRequest| Ok::<_, Infallible>(Access::<Infallible>::Everything);
    let scoped = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Scope("other"));
    let says = |yes: bool| async move |_: &HttpRequest| Ok::<_, Infallible>(yes);
    let without = || OperatorSurface::new(db.clone(), everything).authorize_policies(says(false));
    let narrow = || {
        OperatorSurface::new(db.clone(), scoped)
            .scope_query(|title: &&str| ChangeScope::column_is("title", title))
            .authorize_policies(says(true))
    };
    for path in ["/audit/exports", "/audit/exports.json"] {
        let got = get_from(without(), "/audit", request(path)).await;
        assert_eq!(got.status, 404, "{path}");
        let got = get_from(narrow(), "/audit", request(path)).await;
        assert_eq!(got.status, 404, "{path}");
    }
    let home = get_from(narrow(), "/audit", request("/audit/")).await;
    assert!(
        home.body.contains("1 export failed lately"),
        "{}",
        home.body
    );
    assert_eq!(home.link("/exports"), None);
}
