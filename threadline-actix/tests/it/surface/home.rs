use super::site::get;
use crate::support::{TestDb, written};

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
