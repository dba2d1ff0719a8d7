use sea_orm::ConnectionTrait as _;
use threadline::{incident, json::to_text_of_version};

use super::site::get;
use crate::support::{TestDb, audited, written};

#[actix_web::test]
async fn a_transaction_is_shown_with_its_context_actions_and_changes() {
    let db = TestDb::new("transaction_page").await.connect(2).await;
    written(&db).await;
    let page = get(&db, "/audit/transactions/2").await;
    assert_eq!(page.status, 200);
    for shown in [
        "note.renamed",
        "req-1",
        "flow-1",
        "bob",
        "<mark class=\"word\">first</mark>",
        "<mark class=\"word\">second</mark>",
        "cargo threadline incident 2",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for (link, containing) in [
        ("/audit/requests/req-1", "req-1"),
        ("/audit/correlations/flow-1", "flow-1"),
        ("/audit/actors/user/bob", "bob"),
        ("/audit/rows/public.notes/1", ">1<"),
    ] {
        assert_eq!(page.link(containing).as_deref(), Some(link));
    }
    let bundle = incident(2).fetch(&db).await.unwrap().unwrap();
    let twin = get(&db, "/audit/transactions/2.json").await;
    assert_eq!(twin.body, to_text_of_version(&bundle).unwrap());
}

#[actix_web::test]
async fn null_empty_redacted_and_not_recorded_are_told_apart_in_words() {
    let db = TestDb::new("transaction_words").await.connect(2).await;
    db.execute_unprepared("CREATE TABLE words (id int PRIMARY KEY, nothing text, blank text, secret text, number int)")
        .await
        .unwrap();
    audited(&db, "words").await;
    db.execute_unprepared("INSERT INTO words VALUES (1, NULL, '', '[REDACTED]', 42)")
        .await
        .unwrap();
    let page = get(&db, "/audit/transactions/1").await.body;
    for word in [">NULL<", ">empty text<", ">redacted<", "no row"] {
        assert!(page.contains(word), "{word}: {page}");
    }
}

#[actix_web::test]
async fn a_transaction_with_many_changes_is_read_page_by_page() {
    let db = TestDb::new("transaction_many").await.connect(2).await;
    db.execute_unprepared(
        "INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 250) n",
    )
    .await
    .unwrap();
    let (mut path, mut found) = (Some("/audit/transactions/1".to_owned()), Vec::new());
    while let Some(at) = path {
        let page = get(&db, &at).await;
        assert_eq!(page.status, 200, "{at}");
        found.push(page.body.matches("<article class=\"card\"").count());
        path = page.link("Next changes");
    }
    assert_eq!(found, [100, 100, 50]);
    let twin = get(&db, "/audit/transactions/1.json").await.json();
    assert_eq!(twin["changes"].as_array().unwrap().len(), 250);
    assert_eq!(twin["next"], serde_json::Value::Null);
}

#[actix_web::test]
async fn an_id_that_is_none_is_not_found_and_a_token_that_is_none_is_named() {
    let db = TestDb::new("transaction_wrong").await.connect(2).await;
    written(&db).await;
    for id in [
        "0",
        "-1",
        "99",
        "abc",
        "9223372036854775808",
        "1%00",
        "%FF",
        "1e3",
    ] {
        let got = get(&db, &format!("/audit/transactions/{id}")).await;
        assert_eq!(got.status, 404, "{id}");
    }
    let other = get(&db, "/audit/timeline.json?from=all").await.json();
    let other = other["older"].as_str().unwrap_or("x").to_owned();
    for token in ["x", other.as_str()] {
        let got = get(&db, &format!("/audit/transactions/1?after={token}")).await;
        assert_eq!(got.status, 422, "{token}");
    }
}
