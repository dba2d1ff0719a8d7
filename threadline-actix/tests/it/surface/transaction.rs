use sea_orm::ConnectionTrait as _;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt as _, incident, json::to_text_of_version,
    record_action,
};

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
async fn an_action_is_shown_with_its_category_and_its_verb() {
    let db = TestDb::new("transaction_verb").await.connect(1).await;
    let bob = AuditContext::for_actor(ActorRef::user("bob").unwrap());
    db.audited_transaction(&bob, async |txn| {
        let action = record_action("note.read").category("access").verb("opened");
        action.insert(txn).await?;
        Ok::<_, threadline::Error>(())
    })
    .await
    .unwrap();
    let page = get(&db, "/audit/transactions/1").await;
    for shown in ["category <bdi>access</bdi>", "verb <bdi>opened</bdi>"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
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
async fn pages_of_large_values_end_early_and_nothing_is_lost_or_there_twice() {
    let db = TestDb::new("transaction_large").await.connect(2).await;
    db.execute_unprepared(
        "INSERT INTO notes SELECT n, repeat('x', 1000000) FROM generate_series(1, 20) n",
    )
    .await
    .unwrap();
    let all = incident(1).fetch(&db).await.unwrap().unwrap();
    let all: Vec<_> = all.changes.iter().map(|entry| entry.change.id).collect();
    assert_eq!(all.len(), 20);

    let (mut path, mut found, mut sizes) = (
        Some("/audit/transactions/1.json".to_owned()),
        Vec::new(),
        Vec::new(),
    );
    while let Some(at) = path {
        let page = get(&db, &at).await.json();
        let changes = page["changes"].as_array().unwrap();
        sizes.push(changes.len());
        found.extend(changes.iter().map(|change| change["id"].as_i64().unwrap()));
        let next = page["next"].as_str();
        assert_eq!(page["has_more"], next.is_some());
        path = next.map(|token| format!("/audit/transactions/1.json?after={token}"));
    }
    assert_eq!(sizes, [9, 9, 2]);
    assert_eq!(found, all);

    let page = get(&db, "/audit/transactions/1").await;
    assert_eq!(page.body.matches("<article class=\"card\"").count(), 9);
    assert!(page.link("Next changes").is_some());

    let (mut path, mut found) = (Some("/audit/timeline.json?from=all".to_owned()), Vec::new());
    let mut back = None;
    while let Some(at) = path {
        let page = get(&db, &at).await.json();
        let groups = page["groups"].as_array();
        let groups = groups.unwrap_or_else(|| panic!("{at}: {page}"));
        let changes = groups
            .iter()
            .flat_map(|group| group["changes"].as_array().unwrap());
        found.extend(changes.map(|change| change["id"].as_i64().unwrap()));
        back = page["newer"].as_str().map(str::to_owned);
        path = page["older"]
            .as_str()
            .map(|token| format!("/audit/timeline.json?from=all&after={token}"));
    }
    found.reverse();
    assert_eq!(found, all);

    // The way back from the oldest two: the nine that are next to them, and where to go on.
    let at = format!("/audit/timeline.json?from=all&before={}", back.unwrap());
    let page = get(&db, &at).await.json();
    let changes = page["groups"][0]["changes"].as_array().unwrap();
    let ids: Vec<_> = changes
        .iter()
        .rev()
        .map(|change| change["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, all[2..11]);
    assert!(page["newer"].is_string());
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

#[actix_web::test]
async fn a_page_shows_the_first_actions_and_says_how_many_more_there_are() {
    let db = TestDb::new("transaction_actions").await.connect(2).await;
    written(&db).await;
    let more = async |count: u32, details: &str| {
        let sql = format!(
            "INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type, details)
             SELECT 2, 'note.counted', 'ok', 'anonymous', {details} FROM generate_series(1, {count})"
        );
        db.execute_unprepared(&sql).await.unwrap();
    };
    let shown = async || get(&db, "/audit/transactions/2").await.body;
    more(1, "to_jsonb(repeat('x', 30000))").await;
    let page = shown().await;
    assert!(page.contains("10,002 more characters, as JSON"), "{page}");
    more(98, "NULL").await;
    assert!(!shown().await.contains(">And "));
    more(150, "NULL").await;
    let page = shown().await;
    assert!(page.contains("and 247 more</h1>"), "{page}");
    assert_eq!(page.matches("note.counted").count(), 2 + 99);
    assert!(page.contains(">And 150, as JSON</a>"), "{page}");
    more(9_900, "NULL").await;
    let page = shown().await;
    assert!(page.contains("and 9,997+ more</h1>"), "{page}");
    assert!(page.contains(">And more than 9,900, as JSON</a>"), "{page}");
    let twin = get(&db, "/audit/transactions/2.json").await.json();
    assert_eq!(twin["actions"].as_array().unwrap().len(), 10_000);
    assert_eq!(twin["actions_has_more"], true);
}
