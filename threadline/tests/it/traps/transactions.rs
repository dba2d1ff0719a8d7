//! The transaction's row and the setting that caches it.

use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use threadline::{CapturePolicy, policy::ContextMode};

use crate::support::{TestDb, rows, run};

async fn table() -> TestDb {
    TestDb::with_tables("CREATE TABLE t (id int PRIMARY KEY, v text)", &["public.t"]).await
}

async fn text(db: &impl ConnectionTrait, sql: &str) -> String {
    rows(db, sql).await[0].try_get_by_index(0).unwrap()
}

/// `transaction: keys` of the changes, and the transactions without changes.
async fn by_transaction(test: &TestDb) -> Vec<String> {
    test.all(
        "SELECT concat(coalesce(t.actor_id, '-'), ': ', string_agg(c.table_pk ->> 'id', ',' ORDER BY c.captured_at, c.id))
           FROM threadline.audit_transactions t FULL JOIN threadline.audit_changes c ON c.transaction_id = t.id
          GROUP BY t.id, t.actor_id ORDER BY t.id",
    )
    .await
}

/// Every change has its transaction, and that one has the xid of the session's transaction.
async fn transaction_of(db: &impl ConnectionTrait, key: i32) -> (String, bool) {
    let row = &rows(
        db,
        &format!(
            "SELECT t.id::text, t.xid = pg_current_xact_id() FROM threadline.audit_changes c
               JOIN threadline.audit_transactions t ON t.id = c.transaction_id WHERE c.table_pk ->> 'id' = '{key}'"
        ),
    )
    .await[0];
    (
        row.try_get_by_index(0).unwrap(),
        row.try_get_by_index(1).unwrap(),
    )
}

#[tokio::test]
async fn a_rollback_to_a_savepoint_takes_the_row_and_the_cache_together() {
    let test = table().await;
    let txn = test.db.begin().await.unwrap();
    run(
        &txn,
        "SET LOCAL threadline.context = '{\"actor\": {\"type\": \"user\", \"id\": \"alice\"}}'",
    )
    .await;
    run(&txn, "SAVEPOINT a").await;
    run(&txn, "INSERT INTO t VALUES (1)").await;
    run(&txn, "SAVEPOINT b").await;
    run(&txn, "INSERT INTO t VALUES (2)").await;
    run(&txn, "ROLLBACK TO b").await;
    run(&txn, "INSERT INTO t VALUES (3)").await;
    run(&txn, "ROLLBACK TO a").await;
    assert_eq!(
        text(
            &txn,
            "SELECT coalesce(current_setting('threadline.tx', true), '')"
        )
        .await,
        ""
    );
    run(&txn, "INSERT INTO t VALUES (4)").await;
    run(&txn, "SAVEPOINT c").await;
    run(&txn, "INSERT INTO t VALUES (5)").await;
    run(&txn, "RELEASE c").await;
    run(&txn, "INSERT INTO t VALUES (6)").await;
    txn.commit().await.unwrap();
    assert_eq!(by_transaction(&test).await, ["alice: 4,5,6"]);
}

#[tokio::test]
async fn a_row_made_in_a_released_savepoint_serves_the_rest_of_the_transaction() {
    let test = table().await;
    let txn = test.db.begin().await.unwrap();
    run(
        &txn,
        "SAVEPOINT a; INSERT INTO t VALUES (1); RELEASE a; INSERT INTO t VALUES (2)",
    )
    .await;
    run(
        &txn,
        "SAVEPOINT a; INSERT INTO t VALUES (3); ROLLBACK TO a; INSERT INTO t VALUES (4)",
    )
    .await;
    txn.commit().await.unwrap();
    assert_eq!(by_transaction(&test).await, ["-: 1,2,4"]);
}

#[tokio::test]
async fn a_plpgsql_exception_block_leaves_no_orphan() {
    let test = table().await;
    test.run(
        "DO $do$ BEGIN
           BEGIN INSERT INTO t VALUES (1); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END;
           BEGIN
             INSERT INTO t VALUES (2);
             BEGIN INSERT INTO t VALUES (3); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END;
           EXCEPTION WHEN raise_exception THEN NULL; END;
           BEGIN INSERT INTO t VALUES (4); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END;
           INSERT INTO t VALUES (5);
         END $do$",
    )
    .await;
    assert_eq!(by_transaction(&test).await, ["-: 2,5"]);
}

#[tokio::test]
async fn each_commit_inside_a_procedure_ends_a_transaction_of_its_own() {
    let test = table().await;
    test.run(
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $f$ BEGIN
           FOR i IN 1..3 LOOP
             INSERT INTO t VALUES (i); INSERT INTO t VALUES (i * 10); COMMIT;
           END LOOP;
           INSERT INTO t VALUES (4); ROLLBACK;
           INSERT INTO t VALUES (5);
         END $f$",
    )
    .await;
    test.run("CALL p()").await;
    assert_eq!(
        by_transaction(&test).await,
        ["-: 1,10", "-: 2,20", "-: 3,30", "-: 5"]
    );
    let xids: i64 = test
        .one("SELECT count(DISTINCT xid) FROM threadline.audit_transactions")
        .await;
    assert_eq!(xids, 4);
}

#[tokio::test]
async fn a_prepared_transaction_keeps_its_changes_with_its_row() {
    let test = table().await;
    let gid = |name: &str| format!("{name} {}", test.url);
    let one = test.pool(1).await;
    for (id, name) in [(1, "kept"), (2, "dropped")] {
        run(&one, "BEGIN").await;
        run(&one, &format!("SET LOCAL threadline.context = '{{\"actor\": {{\"type\": \"job\", \"id\": \"{name}\"}}}}'")).await;
        run(&one, &format!("INSERT INTO t VALUES ({id})")).await;
        run(&one, &format!("PREPARE TRANSACTION '{}'", gid(name))).await;
        // The session goes on with something else.
        run(&one, &format!("INSERT INTO t VALUES ({})", id * 10)).await;
    }
    run(&test.db, &format!("COMMIT PREPARED '{}'", gid("kept"))).await;
    run(&test.db, &format!("ROLLBACK PREPARED '{}'", gid("dropped"))).await;
    assert_eq!(by_transaction(&test).await, ["kept: 1", "-: 10", "-: 20"]);
}

#[tokio::test]
async fn reset_all_in_the_middle_finds_the_transaction_again() {
    let test = table().await;
    let one = test.pool(1).await;
    for (id, before) in [
        (1, ""),
        (2, "SAVEPOINT a; "),
        (3, "SAVEPOINT a; SAVEPOINT b; "),
    ] {
        run(&one, &format!("BEGIN; SET LOCAL threadline.context = '{{\"actor\": {{\"type\": \"user\", \"id\": \"u{id}\"}}}}'; {before}INSERT INTO t VALUES ({id})")).await;
        run(&one, "RESET ALL").await;
        run(&one, &format!("INSERT INTO t VALUES ({id}0)")).await;
        run(&one, "RESET threadline.tx").await;
        run(&one, &format!("INSERT INTO t VALUES ({id}00)")).await;
        run(&one, "COMMIT").await;
    }
    assert_eq!(
        by_transaction(&test).await,
        ["u1: 1,10,100", "u2: 2,20,200", "u3: 3,30,300"]
    );
}

#[tokio::test]
async fn a_command_that_follows_reset_all_is_never_taken_for_the_first() {
    let test = table().await;
    let one = test.pool(1).await;
    run(&one, "INSERT INTO t VALUES (1)").await;
    // A version that the transaction made and ended itself has no command of its own to tell by.
    for (id, text) in [
        (
            10,
            "INSERT INTO t VALUES (10); RESET ALL; DELETE FROM t WHERE id = 10",
        ),
        (
            20,
            "SAVEPOINT a; INSERT INTO t VALUES (20); RELEASE a; RESET ALL; DELETE FROM t WHERE id = 20",
        ),
        (
            30,
            "INSERT INTO t VALUES (30); RESET ALL; UPDATE t SET id = 31 WHERE id = 30; RESET ALL; DELETE FROM t WHERE id = 31",
        ),
        (
            40,
            "DO $$ BEGIN INSERT INTO t VALUES (40); RESET ALL; DELETE FROM t WHERE id = 40; END $$",
        ),
        (
            50,
            "SAVEPOINT a; DELETE FROM t WHERE id = 1; ROLLBACK TO a; RESET ALL; DELETE FROM t WHERE id = 1; RESET ALL; INSERT INTO t VALUES (50)",
        ),
        (
            60,
            "CREATE TEMP TABLE u ON COMMIT DROP AS SELECT 1; INSERT INTO t VALUES (60); RESET ALL; DELETE FROM t WHERE id = 60",
        ),
    ] {
        run(&one, &format!("BEGIN; {text}; COMMIT")).await;
        let rows: i64 = test
            .one(&format!("SELECT count(DISTINCT transaction_id) FROM threadline.audit_changes WHERE (table_pk ->> 'id')::int BETWEEN {id} AND {id} + 9"))
            .await;
        assert_eq!(rows, 1, "{text}");
    }
    let repeated: i64 = test
        .one("SELECT count(*) - count(DISTINCT xid) FROM threadline.audit_transactions")
        .await;
    assert_eq!(repeated, 0);
}

// A limit: a session that throws away both the setting and its memory of sequences in the middle of a transaction gets
// a second row, with the same xid.
#[tokio::test]
async fn without_setting_and_sequences_the_transaction_gets_a_second_row_of_its_own() {
    let test = table().await;
    let one = test.pool(1).await;
    run(&one, "INSERT INTO t VALUES (0)").await;
    run(&one, "BEGIN; INSERT INTO t VALUES (1)").await;
    run(&one, "DISCARD SEQUENCES").await;
    run(&one, "INSERT INTO t VALUES (2)").await;
    run(&one, "RESET ALL").await;
    run(&one, "INSERT INTO t VALUES (3)").await;
    run(&one, "COMMIT").await;
    assert_eq!(by_transaction(&test).await, ["-: 0", "-: 1,2", "-: 3"]);
    let own: Vec<String> = test
        .all("SELECT count(*)::text FROM threadline.audit_transactions GROUP BY xid ORDER BY min(id)")
        .await;
    assert_eq!(own, ["1", "2"]);
}

#[tokio::test]
async fn a_session_that_was_discarded_between_transactions_starts_afresh() {
    let test = table().await;
    let one = test.pool(1).await;
    for id in 1..4 {
        run(&one, &format!("INSERT INTO t VALUES ({id})")).await;
        run(&one, "DISCARD ALL").await;
    }
    assert_eq!(by_transaction(&test).await, ["-: 1", "-: 2", "-: 3"]);
}

/// Sets `threadline.tx` in every way a session can, and writes after it.
async fn attack(test: &TestDb, one: &DatabaseConnection, value: &str, key: i32) {
    let value = value.replace('\'', "''");
    for (n, scope) in ["SET LOCAL", "SET"].into_iter().enumerate() {
        let key = key + i32::try_from(n).unwrap();
        run(one, "BEGIN").await;
        run(one, &format!("{scope} threadline.tx = '{value}'")).await;
        run(one, &format!("INSERT INTO t VALUES ({key})")).await;
        run(one, &format!("INSERT INTO t VALUES ({key}00)")).await;
        let (first, own) = transaction_of(one, key).await;
        assert!(own, "{value}");
        assert_eq!(
            transaction_of(one, key * 100).await,
            (first, true),
            "{value}"
        );
        run(one, "COMMIT").await;
        // The session-level value, if any, is still there for the next transaction.
        run(one, &format!("INSERT INTO t VALUES ({key}000)")).await;
        run(one, "RESET threadline.tx").await;
    }
    let shared: Vec<i64> = test
        .all("SELECT transaction_id FROM threadline.audit_changes GROUP BY 1 HAVING count(DISTINCT (SELECT xid FROM threadline.audit_transactions t WHERE t.id = transaction_id)) <> 1")
        .await;
    assert!(shared.is_empty(), "{shared:?}");
    let repeated: i64 = test
        .one("SELECT count(*) - count(DISTINCT xid) FROM threadline.audit_transactions")
        .await;
    assert_eq!(repeated, 0);
}

#[tokio::test]
async fn no_value_of_the_cache_attaches_a_change_to_another_transaction() {
    let test = table().await;
    let one = test.pool(1).await;
    // A victim, whose row is committed, and whose cached value is known.
    run(&test.db, "BEGIN; SET LOCAL threadline.context = '{\"actor\": {\"type\": \"user\", \"id\": \"victim\"}}'; INSERT INTO t VALUES (1); COMMIT").await;
    let other = test.pool(1).await;
    run(&other, "BEGIN; INSERT INTO t VALUES (2)").await;
    let foreign = text(&other, "SELECT current_setting('threadline.tx')").await;
    run(&one, "BEGIN; INSERT INTO t VALUES (3)").await;
    let stale = text(&one, "SELECT current_setting('threadline.tx')").await;
    run(&one, "COMMIT").await;
    let seal = stale.rsplit(':').next().unwrap();
    for (n, value) in [
        "garbage".to_owned(),
        ":::".to_owned(),
        "1:1:1".to_owned(),
        format!("{}:0", "9".repeat(40)),
        "x".repeat(100_000),
        "a'b\\c".to_owned(),
        foreign.clone(),
        stale.clone(),
        stale.replacen(':', ":-", 1),
    ]
    .into_iter()
    .enumerate()
    {
        attack(&test, &one, &value, 10 + 10 * i32::try_from(n).unwrap()).await;
    }
    // With the own xid, known before the first capture, and the id of another transaction.
    for (n, tail) in [
        "1".to_owned(),
        format!("1:{seal}"),
        format!("2:{}", foreign.rsplit(':').next().unwrap()),
        "1:".to_owned(),
        "x:y".to_owned(),
        format!("{}:{seal}", i64::MAX),
    ]
    .into_iter()
    .enumerate()
    {
        let key = 500 + n;
        run(&one, "BEGIN").await;
        run(
            &one,
            &format!(
                "SELECT set_config('threadline.tx', pg_current_xact_id()::text || ':{tail}', true)"
            ),
        )
        .await;
        run(&one, &format!("INSERT INTO t VALUES ({key})")).await;
        let (id, own) = transaction_of(&one, i32::try_from(key).unwrap()).await;
        assert!(own && id != "1" && id != "2", "{tail}");
        run(&one, "COMMIT").await;
    }
    run(&other, "COMMIT").await;
    let victim: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id WHERE t.actor_id = 'victim'")
        .await;
    assert_eq!(victim, 1);
}

// A limit: a session may replay the value of a savepoint that it rolled back. Its changes then name a transaction that
// is not there, never one that is.
#[tokio::test]
async fn a_replayed_value_of_a_rolled_back_savepoint_never_names_another_transaction() {
    let test = table().await;
    let one = test.pool(1).await;
    run(&one, "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (1)").await;
    let value = text(&one, "SELECT current_setting('threadline.tx')").await;
    run(&one, "ROLLBACK TO a").await;
    run(
        &one,
        &format!("SET LOCAL threadline.tx = '{value}'; INSERT INTO t VALUES (2); COMMIT"),
    )
    .await;
    run(&one, "INSERT INTO t VALUES (3)").await;
    assert_eq!(by_transaction(&test).await, ["-: 3", "-: 2"]);
}

#[tokio::test]
async fn a_repeated_xid_of_a_restored_trail_gets_a_row_of_its_own() {
    let test = table().await;
    let one = test.pool(1).await;
    let old = "INSERT INTO threadline.audit_transactions (xid, occurred_at, actor_type, actor_id) VALUES (pg_current_xact_id(), '2001-01-01', 'user', 'long ago')";
    // The worst case: this session restored the row, and remembers its id.
    for (id, before) in [(1, ""), (2, "RESET ALL;")] {
        run(
            &one,
            &format!("BEGIN; {old}; {before} INSERT INTO t VALUES ({id})"),
        )
        .await;
        run(
            &one,
            &format!("RESET ALL; INSERT INTO t VALUES ({id}0); COMMIT"),
        )
        .await;
    }
    let of: Vec<String> = test
        .all("SELECT coalesce(t.actor_id, '-') FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id ORDER BY c.id")
        .await;
    assert_eq!(of, ["-", "-", "-", "-"]);
    assert_eq!(test.transactions().await, 4);
}

#[tokio::test]
async fn no_text_in_the_cache_makes_a_write_fail() {
    let test = table().await;
    let texts = [
        r"x:\y:z",
        r"1:\x0:",
        r"1:\400:1",
        "::",
        "1:ä:1",
        r"(1,\1)",
        "(4294967296,1)",
        "(0,65536)",
    ];
    for (id, text) in texts.iter().enumerate() {
        test.run(&format!(
            "BEGIN; SET LOCAL threadline.tx = '{text}'; SET LOCAL threadline.row = '{text}'; INSERT INTO t VALUES ({id});
             SET LOCAL threadline.row = '{text}';
             SELECT threadline.set_context('{{\"actor\": {{\"type\": \"user\", \"id\": \"{id}\"}}}}'); COMMIT"
        ))
        .await;
    }
    let expected: Vec<_> = (0..texts.len()).map(|id| format!("{id}: {id}")).collect();
    assert_eq!(by_transaction(&test).await, expected);
}

#[tokio::test]
async fn serializable_transactions_that_touch_different_rows_do_not_fail_for_one_another() {
    for context in [ContextMode::Allow, ContextMode::Require] {
        let test = TestDb::new().await;
        // Large enough for plans by index; the rows lie on different pages.
        test.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'a' FROM generate_series(1, 3000) g; ANALYZE t")
            .await;
        let policy = CapturePolicy {
            context,
            ..CapturePolicy::default()
        };
        test.capture("t", policy).await;
        let mut sessions = Vec::new();
        for _ in 0..3 {
            sessions.push(test.pool(1).await);
        }
        // The second round is that of sessions which have written before.
        for round in 0..6 {
            for (n, session) in sessions.iter().enumerate() {
                run(
                    session,
                    r#"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT threadline.set_context('{"actor": {"type": "user", "id": "a"}}')"#,
                )
                .await;
                run(
                    session,
                    &format!(
                        "UPDATE t SET v = v || 'b' WHERE id = {}",
                        n * 1000 + round + 1
                    ),
                )
                .await;
                run(session, "SELECT threadline.current_transaction()").await;
            }
            for session in sessions.iter().rev() {
                run(session, "COMMIT").await;
            }
        }
        assert_eq!(test.transactions().await, 18);
    }
}
