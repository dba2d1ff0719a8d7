//! A record by its table and its key, whatever became of the table.

use chrono::{DateTime, TimeDelta, Utc};
use threadline::{ChangeScope, JsonText, Op, Record, Snapshot, record, timeline};

use crate::support::TestDb;

fn key(text: &str) -> JsonText {
    serde_json::from_str(text).unwrap()
}

fn of(table: &str, text: &str) -> Record {
    record(table.parse().unwrap(), key(text))
}

fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(1)
}

async fn ops(record: &Record, test: &TestDb) -> Vec<Op> {
    let page = record.clone().history().fetch(&test.db).await.unwrap();
    page.entries.iter().map(|change| change.op).collect()
}

async fn keys(test: &TestDb, table: &str, columns: u32) -> Vec<String> {
    let query = timeline().schema("public").table(table);
    let keys = query.fetch_keys(columns, &test.db).await.unwrap();
    keys.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_key_as_recorded_finds_its_record_after_the_table_is_gone() {
    let test = TestDb::with_tables("CREATE TABLE a (id int PRIMARY KEY, title text)", &["a"]).await;
    test.run("INSERT INTO a VALUES (1, 'x'), (2, 'y'); UPDATE a SET title = 'z' WHERE id = 1; TRUNCATE a")
        .await;
    test.run("DROP TABLE a").await;
    let gone = of("a", r#"{"id": 1}"#);
    assert!(gone.clone().history().fetch(&test.db).await.is_err());
    let gone = gone.as_recorded();
    assert_eq!(
        ops(&gone, &test).await,
        [Op::Truncate, Op::Update, Op::Insert]
    );
    let Snapshot::Deleted { last, .. } = gone.fetch_image(later(), &test.db).await.unwrap() else {
        panic!("the table was emptied before it went");
    };
    let row: serde_json::Value = serde_json::from_str(last.row.as_str()).unwrap();
    assert_eq!(row["title"], "z");
    let moments = gone.fetch_moments(later(), 10, &test.db).await.unwrap();
    assert_eq!(moments.earlier.len(), 3);
    // Nobody reads the values: they have to be as recorded.
    assert!(
        ops(&of("a", r#"{"id": "1"}"#).as_recorded(), &test)
            .await
            .is_empty()
    );
    assert!(
        ops(&of("a", r#"{"id": 3}"#).as_recorded(), &test)
            .await
            .is_empty()
    );
    let none = ChangeScope::nothing();
    let hidden = of("a", r#"{"id": 1}"#).as_recorded().in_scope(&none);
    assert!(ops(&hidden, &test).await.is_empty());
}

#[tokio::test]
async fn the_keys_of_a_table_are_the_newest_and_the_oldest_and_no_marker() {
    let test = TestDb::with_tables(
        "CREATE TABLE a (id int PRIMARY KEY, tenant int NOT NULL DEFAULT 7);
         CREATE TABLE b (id int PRIMARY KEY)",
        &["a", "b"],
    )
    .await;
    assert!(keys(&test, "a", 1).await.is_empty());
    test.run("TRUNCATE a; INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (9)")
        .await;
    for _ in 0..5 {
        test.run("TRUNCATE a").await;
    }
    assert_eq!(keys(&test, "a", 1).await, [r#"{"id": 2}"#, r#"{"id": 1}"#]);
    test.run("ALTER TABLE a DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (tenant, id)")
        .await;
    test.capture("a", Default::default()).await;
    test.run("INSERT INTO a VALUES (3)").await;
    assert_eq!(keys(&test, "a", 1).await, [r#"{"id": 2}"#, r#"{"id": 1}"#]);
    let both = r#"{"id": 3, "tenant": 7}"#;
    assert_eq!(keys(&test, "a", 2).await, [both, both]);
    assert!(keys(&test, "a", 3).await.is_empty());
    // What was recorded under the former key is found by it.
    assert_eq!(
        ops(&of("a", r#"{"id": 1}"#).as_recorded(), &test).await,
        [Op::Truncate, Op::Insert]
    );
    // No further than the limit, and only what is in scope.
    let near = timeline().schema("public").table("a").scan_limit(1);
    assert!(near.fetch_keys(1, &test.db).await.unwrap().is_empty());
    let scoped = timeline().schema("public").table("a");
    let scoped = scoped.in_scope(&ChangeScope::column_is("id", 2));
    let found = scoped.fetch_keys(1, &test.db).await.unwrap();
    assert_eq!(found, [key(r#"{"id": 2}"#), key(r#"{"id": 2}"#)]);
}
