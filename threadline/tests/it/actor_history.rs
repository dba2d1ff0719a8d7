//! The transactions of one actor.

use chrono::{DateTime, TimeDelta, Utc};
use threadline::{ActorRef, Error, InvalidPageToken, Transactions, actor_history};

use crate::support::{TestDb, rows};

/// Twelve transactions of several actors at known instants.
async fn seeded() -> TestDb {
    let test = TestDb::new().await;
    test.run(
        "INSERT INTO threadline.audit_transactions (xid, occurred_at, actor_type, actor_id)
         SELECT '0', timestamptz '2024-01-01Z' + n * interval '1 hour',
                CASE n % 4 WHEN 0 THEN 'user' WHEN 1 THEN 'anonymous' WHEN 2 THEN 'admin' END, CASE WHEN n % 4 IN (0, 2) THEN '7' END
           FROM generate_series(1, 24) AS n",
    )
    .await;
    test
}

fn hour(n: i64) -> DateTime<Utc> {
    let begin: DateTime<Utc> = "2024-01-01T00:00:00Z".parse().unwrap();
    begin + TimeDelta::hours(n)
}

async fn walk(query: Transactions, size: u64, test: &TestDb) -> Vec<DateTime<Utc>> {
    let mut query = query.page_size(size);
    let mut found = Vec::new();
    loop {
        let page = query.fetch(&test.db).await.unwrap();
        let full = page.entries.len() as u64 == size;
        found.extend(
            page.entries
                .iter()
                .map(|transaction| transaction.occurred_at),
        );
        let Some(next) = page.next else {
            return found;
        };
        assert!(full, "a page before the last one is full");
        assert!(found.len() < 100, "a walk comes to its end");
        query = query.after(next);
    }
}

fn user() -> ActorRef {
    ActorRef::user(7).unwrap()
}

#[tokio::test]
async fn pages_of_every_size_give_the_transactions_of_the_actor_newest_first() {
    let test = seeded().await;
    let hours = [24, 20, 16, 12, 8, 4].map(hour);
    for size in 1..=7 {
        assert_eq!(
            walk(actor_history(user()), size, &test).await,
            hours,
            "pages of {size}"
        );
    }
    let admin = ActorRef::admin(7).unwrap();
    assert_eq!(
        walk(actor_history(admin), 4, &test).await,
        [22, 18, 14, 10, 6, 2].map(hour)
    );
    let nobody = ActorRef::user(8).unwrap();
    assert_eq!(
        walk(actor_history(nobody), 4, &test).await,
        [0; 0].map(hour)
    );
}

#[tokio::test]
async fn the_anonymous_actor_is_not_the_missing_one() {
    let test = seeded().await;
    let anonymous = walk(actor_history(ActorRef::anonymous()), 4, &test).await;
    assert_eq!(anonymous, [21, 17, 13, 9, 5, 1].map(hour));
    let missing = "SELECT FROM threadline.audit_transactions WHERE actor_type IS NULL";
    assert_eq!(rows(&test.db, missing).await.len(), 6);
}

#[tokio::test]
async fn since_and_until_are_inclusive() {
    let test = seeded().await;
    let microsecond = TimeDelta::microseconds(1);
    let history = || actor_history(user());
    let cases = [
        (history().since(hour(16)), vec![24, 20, 16]),
        (history().since(hour(16) + microsecond), vec![24, 20]),
        (history().until(hour(8)), vec![8, 4]),
        (history().until(hour(8) - microsecond), vec![4]),
        (history().since(hour(8)).until(hour(16)), vec![16, 12, 8]),
        (history().since(hour(16)).until(hour(8)), vec![]),
    ];
    for (query, hours) in cases {
        let expected: Vec<_> = hours.into_iter().map(hour).collect();
        for size in [1, 2, 50] {
            assert_eq!(
                walk(query.clone(), size, &test).await,
                expected,
                "{query:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_belongs_to_the_actor_and_the_bounds_that_gave_it() {
    let test = seeded().await;
    let page = actor_history(user())
        .page_size(2)
        .fetch(&test.db)
        .await
        .unwrap();
    let token = page.next.unwrap();
    for other in [
        actor_history(ActorRef::admin(7).unwrap()),
        actor_history(user()).since(hour(1)),
        actor_history(user()).until(hour(30)),
    ] {
        let result = other.after(token.clone()).fetch(&test.db).await;
        assert!(
            matches!(
                result,
                Err(Error::InvalidPageToken(InvalidPageToken::OtherQuery))
            ),
            "{result:?}"
        );
    }
    let rest = actor_history(user()).page_size(50).after(token);
    let rest = rest.fetch(&test.db).await.unwrap();
    assert_eq!(rest.entries.len(), 4);
    assert_eq!(rest.next, None);
}
