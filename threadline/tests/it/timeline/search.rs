//! What a search finds step by step is what one statement with all conditions finds.

use sea_orm::{ConnectionTrait, DatabaseConnection, QuerySelect};
use threadline::{ActorRef, Op, Timeline, timeline};

use crate::support::{TestDb, run};

/// Four months with partitions and one without, 30,000 changes of 6,000 transactions. Some
/// transactions run long: their changes come in between those of later ones. Clocks tie. Actors
/// and tables are frequent, rare, busy in one month only, or in the month without a partition.
const SEED: &str = r#"
    SELECT setseed(0.25);
    CREATE TABLE threadline.audit_changes_2024_02 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-02-01Z') TO ('2024-03-01Z');
    CREATE TABLE threadline.audit_changes_2024_03 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-03-01Z') TO ('2024-04-01Z');
    CREATE TABLE threadline.audit_changes_2024_05 PARTITION OF threadline.audit_changes FOR VALUES FROM ('2024-05-01Z') TO ('2024-06-01Z');
    INSERT INTO threadline.audit_transactions (id, xid, occurred_at, actor_type, actor_id, request_id, correlation_id) OVERRIDING SYSTEM VALUE
    SELECT n, '0', timestamptz '2024-02-01Z' + n * interval '28 minutes',
           CASE WHEN r.who < 0.1 THEN NULL WHEN r.who < 0.4 OR n BETWEEN 500 AND 900 THEN 'system' ELSE 'user' END,
           CASE WHEN r.who < 0.1 THEN NULL WHEN n BETWEEN 500 AND 900 THEN 'mirror' WHEN r.who < 0.4 THEN 'import' ELSE floor(power(300, (r.who - 0.4) / 0.6))::int::text END,
           'r-' || n, CASE WHEN n % 3 = 0 THEN 'nightly' ELSE 'c-' || n / 10 END
      FROM generate_series(1, 6000) AS n, LATERAL (SELECT random() + 0 * n AS who) AS r;
    INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type)
    SELECT n, CASE WHEN n % 100 = 0 THEN 'rare' ELSE 'common' END, 'ok', 'system' FROM generate_series(2, 6000, 2) AS n, generate_series(0, n % 3) AS twice;
    INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields)
    SELECT t.id, date_trunc('hour', t.occurred_at) + CASE WHEN r.late < 0.02 THEN r.late * interval '1000 days' ELSE r.late * interval '1 hour' END,
           n, CASE WHEN n % 7 = 0 THEN 'shop' ELSE 'public' END,
           CASE WHEN n % 3000 = 5 THEN 'rare' WHEN t.id BETWEEN 600 AND 700 THEN 'past' ELSE 'table_' || n % 3 END,
           CASE WHEN n % 4000 = 9 THEN 'truncate' WHEN n % 11 = 0 THEN 'delete' ELSE 'update' END, '{}', '{}',
           CASE WHEN n % 5000 = 3 THEN ARRAY['rare', 'title'] ELSE ARRAY['title'] END
      FROM threadline.audit_transactions t, LATERAL generate_series(t.id * 5, t.id * 5 + 4) AS n, LATERAL (SELECT random() + 0 * n AS late) AS r;
    ANALYZE threadline.audit_transactions, threadline.audit_actions, threadline.audit_changes"#;

fn user(id: &str) -> ActorRef {
    ActorRef::user(id).unwrap()
}

fn queries() -> Vec<(&'static str, Timeline)> {
    let system = |id: &str| ActorRef::system(id).unwrap();
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    vec![
        ("everything", timeline()),
        ("a table", timeline().table("table_1")),
        ("a rare table", timeline().table("rare")),
        ("a past table", timeline().table("past")),
        ("a frequent actor", timeline().actor(system("import"))),
        ("a past actor", timeline().actor(system("mirror"))),
        ("a busy user", timeline().actor(user("1"))),
        ("a usual user", timeline().actor(user("7"))),
        ("a rare user", timeline().actor(user("250"))),
        ("nobody", timeline().no_actor()),
        ("a correlation", timeline().correlation_id("c-77")),
        (
            "a frequent correlation",
            timeline().correlation_id("nightly"),
        ),
        ("a request", timeline().request_id("r-4000")),
        ("a frequent action", timeline().action("common")),
        ("a rare action", timeline().action("rare")),
        ("an op", timeline().op(Op::Delete)),
        ("a rare op", timeline().op(Op::Truncate)),
        ("a column", timeline().changed_column("title")),
        ("a rare column", timeline().changed_column("rare")),
        ("a schema", timeline().schema("shop")),
        (
            "a schema of a table",
            timeline().schema("shop").table("table_2"),
        ),
        (
            "a user in a table",
            timeline().actor(user("2")).table("table_0"),
        ),
        (
            "a frequent actor with an op in a past table",
            timeline()
                .actor(system("mirror"))
                .op(Op::Delete)
                .table("past"),
        ),
        (
            "a correlation of an actor with an action",
            timeline()
                .actor(system("import"))
                .correlation_id("nightly")
                .action("common"),
        ),
        (
            "an action by nobody",
            timeline().action("common").no_actor(),
        ),
        (
            "an actor in a time",
            timeline()
                .actor(system("import"))
                .from(at("2024-03-05T00:00:00Z"))
                .to(at("2024-04-20T12:00:00Z")),
        ),
        (
            "a table in a time",
            timeline()
                .table("table_0")
                .from(at("2024-02-25T00:00:00Z"))
                .to(at("2024-03-02T00:00:00Z")),
        ),
        (
            "a transaction",
            timeline().transaction(900).table("table_1"),
        ),
        ("nothing", timeline().actor(user("nobody")).table("table_1")),
    ]
}

async fn seeded() -> (TestDb, DatabaseConnection) {
    let test = TestDb::new().await;
    let db = test.pool(1).await;
    run(&db, SEED).await;
    (test, db)
}

/// What one statement finds.
async fn all(query: &Timeline, db: &impl ConnectionTrait) -> Vec<i64> {
    let found = query.select().unwrap().limit(50_000).all(db).await.unwrap();
    found.into_iter().map(|change| change.id).collect()
}

/// What pages find, and how many pages there were. A page may be short, but it never loses or
/// repeats a change, and each takes the search further.
async fn paged(
    query: &Timeline,
    size: u64,
    limit: u64,
    db: &DatabaseConnection,
) -> (Vec<i64>, usize) {
    let mut query = query.clone().page_size(size).scan_limit(limit);
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = query.fetch(db).await.unwrap();
        assert!(page.entries.len() as u64 <= size);
        ids.extend(page.entries.iter().map(|change| change.id));
        pages += 1;
        assert!(pages < 40_000, "a walk comes to its end");
        match &page.next {
            Some(next) => query = query.after(next.to_string().parse().unwrap()),
            None => {
                assert_eq!(super::back(&query, page, db).await, ids, "the way back");
                return (ids, pages);
            }
        }
    }
}

#[tokio::test]
async fn pages_find_what_one_statement_finds_whatever_they_may_look_through() {
    let (_test, db) = seeded().await;
    for (name, query) in queries() {
        let expected = all(&query, &db).await;
        assert_eq!(expected.is_empty(), name == "nothing", "{name}");
        for (size, limit) in [(1_000, 100_000), (700, 2_000)] {
            let (found, _) = paged(&query, size, limit, &db).await;
            assert_eq!(
                found, expected,
                "{name}, {size} on a page, {limit} looked through"
            );
        }
    }
}

#[tokio::test]
async fn small_pages_find_what_one_statement_finds() {
    let (_test, db) = seeded().await;
    let to = "2024-02-20T00:00:00Z"
        .parse::<chrono::DateTime<chrono::Utc>>()
        .unwrap();
    for (name, query) in queries() {
        if name.ends_with("a time") {
            continue;
        }
        let query = query.to(to);
        let expected = all(&query, &db).await;
        for (size, limit) in [(37, 100_000), (50, 500), (37, 40)] {
            let (found, _) = paged(&query, size, limit, &db).await;
            assert_eq!(
                found, expected,
                "{name}, {size} on a page, {limit} looked through"
            );
        }
    }
}

#[tokio::test]
async fn a_page_that_may_look_no_further_ends_early_and_says_where_to_go_on() {
    let (_test, db) = seeded().await;
    let rare = timeline().op(Op::Truncate);
    let page = rare.clone().scan_limit(2_000).fetch(&db).await.unwrap();
    assert!(page.entries.len() < 2 && page.next.is_some());
    let (found, pages) = paged(&rare, 50, 2_000, &db).await;
    assert_eq!(found.len(), 8);
    assert_eq!(pages, 16, "2,000 of 30,000 each, and one to see the end");
    let (_, pages) = paged(&rare, 50, 100_000, &db).await;
    assert_eq!(pages, 1);
}

#[tokio::test]
async fn a_count_is_what_one_statement_finds_or_says_that_it_ended_early() {
    let (_test, db) = seeded().await;
    for (name, query) in queries() {
        let expected = all(&query, &db).await.len() as u64;
        let count = query.count(1_000_000, &db).await.unwrap();
        assert_eq!((count.value, count.capped), (expected, false), "{name}");
        let count = query.count(20, &db).await.unwrap();
        assert_eq!(
            (count.value, count.capped),
            (expected.min(20), expected > 20),
            "{name}"
        );
        let count = query.scan_limit(1_000).count(1_000_000, &db).await.unwrap();
        assert!(
            count.capped || count.value == expected,
            "{name}: {count:?} of {expected}"
        );
        assert!(count.value <= expected, "{name}: {count:?} of {expected}");
    }
}
