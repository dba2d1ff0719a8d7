//! What an actor did, what happened in a request, what carries a correlation id.

use chrono::{Days, Utc};
use sea_orm::ConnectionTrait as _;
use threadline::{ActorRef, AuditContext, AuditedTransactionExt as _, record_action};

use super::site::get;
use crate::support::{TestDb, written};

#[actix_web::test]
async fn each_of_them_lists_the_transactions_with_their_changes() {
    let db = TestDb::new("activity").await.connect(2).await;
    written(&db).await;
    for path in [
        "/audit/actors/user/bob",
        "/audit/requests/req-1",
        "/audit/correlations/flow-1",
    ] {
        let page = get(&db, path).await;
        assert_eq!(page.status, 200, "{path}");
        let body = page.body.replace("&#x2f;", "/");
        for shown in [
            "note.created",
            "note.renamed",
            "note.deleted",
            "/audit/rows/public.notes/1",
            "/audit/transactions/3",
        ] {
            assert!(body.contains(shown), "{path}: {shown}");
        }
        let twin = get(&db, &format!("{path}.json")).await.json();
        let ids: Vec<_> = twin["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["transaction_id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, [3, 2, 1], "{path}");
        assert_eq!(twin["groups"][2]["changes"].as_array().unwrap().len(), 2);
    }
}

#[actix_web::test]
async fn an_action_without_changes_is_found_by_its_request() {
    let db = TestDb::new("activity_bare").await.connect(2).await;
    let context = AuditContext::for_actor(ActorRef::anonymous()).request_id("bare/1.json");
    db.audited_transaction(&context, async |txn| {
        record_action("report.read").insert(txn).await?;
        Ok::<_, threadline::Error>(())
    })
    .await
    .unwrap();
    for path in [
        "/audit/requests/bare%2F1.json.html",
        "/audit/actors/anonymous",
    ] {
        let page = get(&db, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("report.read"), "{path}");
    }
}

#[actix_web::test]
async fn yesterday_is_yesterday_and_today_is_not() {
    let db = TestDb::new("activity_days").await.connect(2).await;
    written(&db).await;
    // The trail refuses this to everybody but the owner, who has to disable a trigger first.
    db.execute_unprepared(
        "ALTER TABLE threadline.audit_transactions DISABLE TRIGGER ALL;
         UPDATE threadline.audit_transactions SET occurred_at = date_trunc('day', now(), 'UTC') - interval '1 hour' WHERE id = 2;
         UPDATE threadline.audit_transactions SET occurred_at = date_trunc('day', now(), 'UTC') - interval '25 hours' WHERE id = 1",
    )
    .await
    .unwrap();
    let all = get(&db, "/audit/actors/user/bob").await;
    let ids = async |path: &str| {
        let (path, query) = path.split_once('?').unwrap();
        let twin = get(&db, &format!("{path}.json?{query}")).await.json();
        let groups = twin["groups"].as_array().unwrap().clone();
        groups
            .iter()
            .map(|group| group["transaction_id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&all.link("yesterday").unwrap()).await, [2]);
    assert_eq!(ids(&all.link("today").unwrap()).await, [3]);
    assert_eq!(ids(&all.link("last 7 days").unwrap()).await, [3, 2, 1]);
    let ago = Utc::now()
        .date_naive()
        .checked_sub_days(Days::new(9))
        .unwrap();
    let empty = get(&db, &format!("/audit/actors/user/bob?to={ago}")).await;
    assert_eq!(empty.status, 200);
    assert!(
        empty.body.contains("Nothing in this time"),
        "{}",
        empty.body
    );
}

#[actix_web::test]
async fn pages_go_forth_and_back() {
    let db = TestDb::new("activity_pages").await.connect(2).await;
    for n in 0..95 {
        let context = AuditContext::for_actor(ActorRef::job("n").unwrap()).correlation_id("many");
        db.audited_transaction(&context, async |txn| {
            txn.execute_unprepared(&format!("INSERT INTO notes VALUES ({n}, 'x')"))
                .await?;
            Ok::<_, threadline::Error>(())
        })
        .await
        .unwrap();
    }
    let mut page = get(&db, "/audit/correlations/many").await;
    let entries = |page: &super::site::Got| page.body.matches("<article class=\"group\"").count();
    let mut sizes = vec![entries(&page)];
    while let Some(older) = page.link(">Older") {
        page = get(&db, &older).await;
        sizes.push(entries(&page));
    }
    assert_eq!(sizes, [40, 40, 15]);
    let back = get(&db, &page.link(">Newer").unwrap()).await;
    assert_eq!(entries(&back), 40);
    assert_eq!(
        back.link("transaction 16<").as_deref(),
        Some("/audit/transactions/16")
    );
    assert_eq!(
        back.link("transaction 55<").as_deref(),
        Some("/audit/transactions/55")
    );
}

#[actix_web::test]
async fn what_the_trail_does_not_know_is_not_found() {
    let db = TestDb::new("activity_missing").await.connect(2).await;
    written(&db).await;
    for path in [
        "actors/user/alice",
        "actors/user/bob%00",
        "actors/user",
        "actors/robot/1",
        "actors/anonymous",
        "actors/anonymous/1",
        "requests/none",
        "requests/none?from=1d",
        "correlations/none",
    ] {
        assert_eq!(
            get(&db, &format!("/audit/{path}")).await.status,
            404,
            "{path}"
        );
    }
    for query in ["from=x", "after=x", "before=x", "from=1d&to=2d", "page=2"] {
        let got = get(&db, &format!("/audit/actors/user/bob?{query}")).await;
        assert_eq!(got.status, 422, "{query}");
    }
}
