//! Changes of the key: both keys tell the truth.

use sea_orm::EntityTrait;
use threadline::{CapturePolicy, Snapshot, as_of};

use super::record;
use crate::support::TestDb;

async fn table(key: &str) -> TestDb {
    TestDb::with_tables(
        &format!("CREATE TABLE t (id int PRIMARY KEY {key}, v text)"),
        &["public.t"],
    )
    .await
}

/// The record as `as_of` sees it now: its value, or whether it is deleted.
async fn now(test: &TestDb, id: i32) -> String {
    let at = chrono::Utc::now() + chrono::Duration::hours(1);
    match as_of::<record::Entity>(id, at)
        .fetch(&test.db)
        .await
        .unwrap()
    {
        Snapshot::Present(row) => row.v.unwrap(),
        Snapshot::Deleted { .. } => "deleted".into(),
        Snapshot::BeforeHorizon => "unknown".into(),
    }
}

#[tokio::test]
async fn a_new_key_ends_the_old_record_and_begins_the_new_one_each_naming_the_other() {
    let test = table("").await;
    test.run("INSERT INTO t VALUES (1, 'a')").await;
    test.run("UPDATE t SET id = 2, v = 'b'").await;
    assert_eq!(
        test.images().await,
        [
            r#"t insert {"v": "a", "id": 1}"#,
            r#"t delete {"v": "a", "id": 1} <- {"id": 2}"#,
            r#"t update {"v": "b", "id": 2} <- {"id": 1}"#,
        ]
    );
    assert_eq!(
        test.changes().await[1..],
        [r#"t delete {"id": 1} id,v"#, r#"t update {"id": 2} id,v"#]
    );
    let from: String = test
        .one("SELECT changed_from::text FROM threadline.audit_changes WHERE op = 'update'")
        .await;
    assert_eq!(from, r#"{"v": "a", "id": 1}"#);
    assert_eq!(now(&test, 1).await, "deleted");
    assert_eq!(now(&test, 2).await, "b");
    // And back: the first key tells all of it.
    test.run("UPDATE t SET id = 1").await;
    assert_eq!(now(&test, 1).await, "b");
    assert_eq!(now(&test, 2).await, "deleted");
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn two_rows_that_swap_their_keys_are_both_there() {
    for policy in [
        CapturePolicy::default(),
        CapturePolicy {
            store_changed_from: false,
            ..CapturePolicy::default()
        },
    ] {
        let test = table("DEFERRABLE").await;
        test.capture("public.t", policy).await;
        test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
        test.run("UPDATE t SET id = 3 - id").await;
        test.assert_true_trail("t").await;
        assert_eq!(
            (now(&test, 1).await, now(&test, 2).await),
            ("b".into(), "a".into())
        );
        let links: Vec<String> = test
            .all("SELECT concat_ws(' ', op, table_pk ->> 'id', linked_pk ->> 'id') FROM threadline.audit_changes
                   WHERE op <> 'insert' ORDER BY table_pk, captured_at, id")
            .await;
        assert_eq!(
            links,
            ["delete 1 2", "update 1 2", "delete 2 1", "update 2 1"]
        );
    }
}

#[tokio::test]
async fn rows_that_swap_keys_before_anything_is_known_of_them_are_both_there() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'c')")
        .await;
    test.capture("public.t", CapturePolicy::default()).await;
    test.run("UPDATE t SET id = id % 4 + 1").await;
    test.assert_true_trail("t").await;
    let live: Vec<String> = test.all("SELECT v FROM t ORDER BY id").await;
    for (id, v) in (1..).zip(live) {
        assert_eq!(now(&test, id).await, v);
    }
}

#[tokio::test]
async fn a_chain_of_keys_that_move_on_is_true_in_every_statement() {
    let test = table("DEFERRABLE").await;
    test.run("INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 20) i")
        .await;
    for statement in [
        "UPDATE t SET id = id + 1",
        "UPDATE t SET id = id - 1",
        "UPDATE t SET id = 21 - id",
        "UPDATE t SET id = id % 20 + 1, v = v || 'x' WHERE id <= 20",
    ] {
        test.run(statement).await;
        test.assert_true_trail("t").await;
    }
    // Twice in one message.
    test.run("BEGIN; UPDATE t SET id = 21 - id; UPDATE t SET v = 'y' WHERE id < 4; UPDATE t SET id = 21 - id; COMMIT")
        .await;
    test.assert_true_trail("t").await;
}

#[tokio::test]
async fn a_key_that_is_given_away_and_taken_again_in_one_statement_is_there() {
    for rest in [
        "INSERT INTO t VALUES (2, 'new')",
        "INSERT INTO t SELECT 2, 'new' FROM moved",
    ] {
        let test = table("DEFERRABLE").await;
        test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
        test.run(&format!(
            "WITH moved AS (UPDATE t SET id = 3 WHERE id = 2 RETURNING id) {rest}"
        ))
        .await;
        test.assert_true_trail("t").await;
        assert_eq!(now(&test, 2).await, "new");
    }
}

#[tokio::test]
async fn a_deleted_key_that_is_taken_again_in_one_statement_is_there() {
    for rest in [
        "INSERT INTO t SELECT 2, 'new' FROM gone",
        "UPDATE t SET id = 2, v = 'new' WHERE id = 1",
        "UPDATE t SET id = 2, v = 'new' FROM gone WHERE t.id = 1",
    ] {
        let test = table("DEFERRABLE").await;
        test.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
        test.run(&format!(
            "WITH gone AS (DELETE FROM t WHERE id = 2 RETURNING id) {rest}"
        ))
        .await;
        test.assert_true_trail("t").await;
        assert_eq!(now(&test, 2).await, "new", "{rest}");
    }
}

// A limit: only a deferrable key lets the INSERT run before the DELETE, and nothing tells the two rows apart then.
#[tokio::test]
async fn a_deferrable_key_that_is_inserted_before_it_is_deleted_in_one_statement_counts_as_deleted()
{
    let test = table("DEFERRABLE").await;
    test.run("INSERT INTO t VALUES (2, 'b')").await;
    test.run("WITH gone AS (DELETE FROM t WHERE id = 2) INSERT INTO t VALUES (2, 'new')")
        .await;
    assert_eq!(
        test.images().await[1..],
        [
            r#"t insert {"v": "new", "id": 2}"#,
            r#"t delete {"v": "b", "id": 2}"#
        ]
    );
}

#[tokio::test]
async fn every_part_of_a_composite_key_may_change() {
    let test = TestDb::with_tables(
        "CREATE TABLE c (a int, v text, b text, PRIMARY KEY (b, a) DEFERRABLE)",
        &["public.c"],
    )
    .await;
    test.run("INSERT INTO c VALUES (1, 'one', 'x'), (2, 'two', 'x'), (1, 'three', 'y')")
        .await;
    test.run("UPDATE c SET a = 3 - a WHERE b = 'x'").await;
    test.run("UPDATE c SET b = 'z' WHERE b = 'y'").await;
    assert_eq!(
        test.faults("c", &["a", "b"], "to_jsonb(t)").await,
        [""; 0],
        "{:#?}",
        test.images().await
    );
    let linked: Vec<String> = test
        .all("SELECT concat_ws(' ', op, table_pk, linked_pk) FROM threadline.audit_changes WHERE linked_pk IS NOT NULL ORDER BY id DESC LIMIT 2")
        .await;
    assert_eq!(
        linked,
        [
            r#"update {"a": 1, "b": "z"} {"a": 1, "b": "y"}"#,
            r#"delete {"a": 1, "b": "y"} {"a": 1, "b": "z"}"#
        ]
    );
}

#[tokio::test]
async fn a_key_that_only_changes_its_writing_is_the_same_record_or_linked() {
    // 1.0 and 1.00 are one key to the database, and one record to the audit.
    let test = TestDb::with_tables(
        "CREATE TABLE n (id numeric PRIMARY KEY, v text)",
        &["public.n"],
    )
    .await;
    test.run("INSERT INTO n VALUES (1.0, 'a')").await;
    test.run("UPDATE n SET id = 1.00").await;
    assert_eq!(
        test.images().await,
        [
            r#"n insert {"v": "a", "id": 1.0}"#,
            r#"n update {"v": "a", "id": 1.00}"#
        ]
    );
    let keys: i64 = test
        .one("SELECT count(DISTINCT row_key) FROM threadline.audit_changes")
        .await;
    assert_eq!(keys, 1);
}

#[tokio::test]
async fn a_delete_keeps_the_last_row() {
    let test = table("").await;
    test.run("INSERT INTO t VALUES (1, 'a')").await;
    test.run("UPDATE t SET v = 'b'").await;
    test.run("DELETE FROM t").await;
    assert_eq!(test.images().await[2], r#"t delete {"v": "b", "id": 1}"#);
    assert_eq!(record::Entity::find().all(&test.db).await.unwrap(), []);
    let at = chrono::Utc::now();
    match as_of::<record::Entity>(1, at)
        .fetch(&test.db)
        .await
        .unwrap()
    {
        Snapshot::Deleted { last, .. } => assert_eq!(last.v.as_deref(), Some("b")),
        other => panic!("{other:?}"),
    }
}
