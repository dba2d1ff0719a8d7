//! Transactions by request, correlation and actor, in both directions.

use chrono::{DateTime, TimeDelta, Utc};
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, Transactions, record_action, transactions,
};

use crate::support::TestDb;

const HOURS: i64 = 60;

/// An hour between each two. Every third in request `r`, every second correlated by `c`.
async fn seeded() -> TestDb {
    let test = TestDb::new().await;
    test.run(&format!(
        "INSERT INTO threadline.audit_transactions (xid, occurred_at, actor_type, actor_id, request_id, correlation_id)
         SELECT '0', timestamptz '2024-01-01Z' + n * interval '1 hour', CASE n % 5 WHEN 0 THEN 'anonymous' ELSE 'user' END,
                CASE WHEN n % 5 <> 0 THEN '7' END, CASE WHEN n % 3 = 0 THEN 'r' END, CASE WHEN n % 2 = 0 THEN 'c' END
           FROM generate_series(1, {HOURS}) AS n"
    ))
    .await;
    test
}

fn hour(n: i64) -> DateTime<Utc> {
    let begin: DateTime<Utc> = "2024-01-01T00:00:00Z".parse().unwrap();
    begin + TimeDelta::hours(n)
}

/// Forth through all pages and back again: both ways give the same pages.
async fn walk(query: Transactions, test: &TestDb) -> Vec<i64> {
    let first = query.fetch(&test.db).await.unwrap();
    assert_eq!(first.previous, None);
    let mut pages = vec![first];
    while let Some(next) = pages.last().unwrap().next.clone() {
        pages.push(query.clone().after(next).fetch(&test.db).await.unwrap());
        assert!(pages.len() < 200, "a walk comes to its end");
    }
    let ids = |page: &threadline::Page<threadline::AuditTransaction>| {
        page.entries
            .iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>()
    };
    let forth: Vec<_> = pages.iter().flat_map(ids).collect();
    let mut back = Vec::new();
    let mut page = pages.last().unwrap().clone();
    back.extend(ids(&page).into_iter().rev());
    while let Some(previous) = page.previous.clone() {
        page = query
            .clone()
            .before(previous)
            .fetch(&test.db)
            .await
            .unwrap();
        back.extend(ids(&page).into_iter().rev());
        assert!(back.len() < 1_000, "the way back comes to its end");
    }
    back.reverse();
    assert_eq!(back, forth);
    forth
}

#[tokio::test]
async fn both_ways_through_the_pages_give_the_same() {
    let test = seeded().await;
    let user = || ActorRef::user(7).unwrap();
    type Pick = Box<dyn Fn(i64) -> bool>;
    let cases: Vec<(Transactions, Pick)> = vec![
        (transactions(), Box::new(|_| true)),
        (transactions().request_id("r"), Box::new(|n| n % 3 == 0)),
        (transactions().correlation_id("c"), Box::new(|n| n % 2 == 0)),
        (transactions().actor(user()), Box::new(|n| n % 5 != 0)),
        (
            transactions().actor(ActorRef::anonymous()),
            Box::new(|n| n % 5 == 0),
        ),
        (
            transactions()
                .request_id("r")
                .correlation_id("c")
                .actor(user()),
            Box::new(|n| n % 6 == 0 && n % 5 != 0),
        ),
        (
            transactions().actor(user()).since(hour(7)).until(hour(33)),
            Box::new(|n| n % 5 != 0 && (7..=33).contains(&n)),
        ),
        (transactions().request_id("none"), Box::new(|_| false)),
    ];
    for (query, pick) in cases {
        let expected: Vec<_> = (1..=HOURS).rev().filter(|&n| pick(n)).collect();
        for size in [1, 4, 7, 100] {
            for limit in [1, 9, 10_000] {
                let query = query.clone().page_size(size).scan_limit(limit);
                assert_eq!(walk(query.clone(), &test).await, expected, "{query:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_transaction_without_changes_is_found_by_its_request() {
    let test = TestDb::new().await;
    let ctx = AuditContext::for_actor(ActorRef::user(7).unwrap()).request_id("r-9");
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    record_action("report.read").insert(&txn).await.unwrap();
    let id = txn.commit().await.unwrap().unwrap();
    let page = transactions()
        .request_id("r-9")
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(
        page.entries
            .iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>(),
        [id]
    );
    let changes = threadline::timeline().request_id("r-9");
    assert!(changes.fetch(&test.db).await.unwrap().entries.is_empty());
}
