//! The one way out of the trail, and how it can't be misused.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use threadline::{
    Snapshot,
    retention::{RetentionError, RunStatus, purge},
};

use super::{days, item, items, left, run};
use crate::support::{
    TestDb, rows, run as sql,
    sql::{forbidden, refused},
};

const POLICY: &str = r#"{"keep_days": 10, "keep_last": true}"#;

/// A trail with two changes that may go and one that may not.
async fn old_items() -> TestDb {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a'); DELETE FROM items")
        .await;
    test.age(30).await;
    test.run("INSERT INTO items VALUES (2, 'b')").await;
    test
}

#[tokio::test]
async fn no_delete_passes_outside_of_a_run_whoever_sends_it_and_whatever_is_set() {
    let test = old_items().await;
    let db = test.pool(1).await;
    for table in [
        "audit_changes",
        "audit_changes_default",
        "audit_actions",
        "audit_transactions",
    ] {
        let count: i64 = test
            .one(&format!("SELECT count(*) FROM threadline.{table}"))
            .await;
        if count == 0 {
            continue;
        }
        for before in [
            "",
            "SET LOCAL ROLE threadline_owner;",
            "SET LOCAL threadline.retention = 'on';",
            "SET LOCAL threadline.tx = 'x'; SET LOCAL threadline.destroy_evidence = 'threadline';",
        ] {
            let reason = refused(
                &db,
                &format!("BEGIN; {before} DELETE FROM threadline.{table}; COMMIT"),
            )
            .await;
            assert!(reason.contains("append-only"), "{table} {before}: {reason}");
            sql(&db, "ROLLBACK").await;
        }
    }
    assert_eq!(left(&test).await.len(), 3);
}

#[tokio::test]
async fn a_finished_run_opens_nothing_and_a_run_that_goes_on_opens_its_own_transaction_only() {
    let test = old_items().await;
    let id: i64 = test
        .one(&format!(
            "SELECT threadline.begin_retention('purge', '{POLICY}', NULL)"
        ))
        .await;
    // The transaction that began it is over.
    let reason = refused(&test.db, "DELETE FROM threadline.audit_changes").await;
    assert!(reason.contains("append-only"), "{reason}");
    run(&test, &days(10)).await;
    let reason = refused(
        &test.db,
        &format!("SELECT threadline.purge_batch({id}, 10)"),
    )
    .await;
    assert!(reason.starts_with("TL007 "), "{reason}");
    let reason = refused(&test.db, "DELETE FROM threadline.audit_changes").await;
    assert!(reason.contains("append-only"), "{reason}");
}

#[tokio::test]
async fn an_owner_who_forges_a_run_to_delete_leaves_its_record_and_can_not_touch_what_is_young() {
    let test = old_items().await;
    let begin = format!("SELECT threadline.begin_retention('purge', '{POLICY}', NULL)");
    let old = "DELETE FROM threadline.audit_changes WHERE captured_at < now() - interval '20 days'";
    // Beside the functions of a run, in the same transaction.
    for beside in [
        "",
        "SELECT threadline.purge_batch((SELECT max(id) FROM threadline.audit_retention_runs), 1);",
        "SELECT threadline.fail_retention((SELECT max(id) FROM threadline.audit_retention_runs), 'x');",
    ] {
        let txn = test.db.begin().await.unwrap();
        sql(
            &txn,
            &format!("SET LOCAL ROLE threadline_owner; {begin}; {beside}"),
        )
        .await;
        let reason = refused(&txn, old).await;
        assert!(reason.contains("append-only"), "{beside}: {reason}");
        txn.rollback().await.unwrap();
    }
    let open = "UPDATE threadline.audit_retention_runs SET xid = pg_current_xact_id() WHERE status = 'running'";
    let txn = test.db.begin().await.unwrap();
    sql(
        &txn,
        &format!("SET LOCAL ROLE threadline_owner; {begin}; {open}"),
    )
    .await;
    let reason = refused(&txn, "DELETE FROM threadline.audit_changes").await;
    assert!(reason.contains("append-only"), "{reason}");
    txn.rollback().await.unwrap();
    let txn = test.db.begin().await.unwrap();
    sql(
        &txn,
        &format!("SET LOCAL ROLE threadline_owner; {begin}; {open}; {old}"),
    )
    .await;
    txn.commit().await.unwrap();
    assert_eq!(left(&test).await, ["items insert 2 b"]);
    for hide in [
        "DELETE FROM threadline.audit_retention_runs",
        "TRUNCATE threadline.audit_retention_runs",
        "UPDATE threadline.audit_retention_runs SET run_by = 'nobody'",
        "UPDATE threadline.audit_retention_runs SET started_at = now() - interval '1 year'",
        "UPDATE threadline.audit_retention_runs SET policy = '{}'",
        "UPDATE threadline.audit_horizons SET complete_since = '-infinity'",
        "DELETE FROM threadline.audit_horizons",
        "TRUNCATE threadline.audit_horizons",
        "TRUNCATE threadline.audit_evidence",
    ] {
        let reason = refused(&test.db, hide).await;
        assert!(reason.starts_with("42501 "), "{hide}: {reason}");
    }
    // Once it is over, its record does not change at all.
    run(&test, &days(10)).await;
    let reason = refused(
        &test.db,
        "UPDATE threadline.audit_retention_runs SET error = NULL, batches = batches + 1",
    )
    .await;
    assert!(reason.starts_with("42501 "), "{reason}");
    let reason = refused(
        &test.db,
        "UPDATE threadline.audit_evidence SET verdict = 'proven'",
    )
    .await;
    assert!(reason.starts_with("42501 "), "{reason}");
}

#[tokio::test]
async fn only_the_retention_role_may_begin_a_run_and_it_may_do_nothing_else_to_the_trail() {
    let test = old_items().await;
    let begin = format!("SELECT threadline.begin_retention('purge', '{POLICY}', NULL)");
    for role in [
        "threadline_reader",
        "threadline_writer",
        "threadline_capture",
    ] {
        let (_, db) = test.login(&format!("IN ROLE {role}")).await;
        forbidden(
            &db,
            &[
                &begin,
                "SELECT threadline.purge_batch(1, 1)",
                "SELECT threadline.drop_partition(1, 'audit_changes_default')",
                "SELECT threadline.fail_retention(1, 'x')",
                "SELECT threadline.open_run(1)",
                "SELECT threadline.raise_horizons('{}')",
                "INSERT INTO threadline.audit_retention_runs (kind) VALUES ('purge')",
                "INSERT INTO threadline.audit_horizons VALUES ('', '', now())",
                "INSERT INTO threadline.audit_evidence (subject) VALUES ('x')",
                "DELETE FROM threadline.audit_changes",
            ],
        )
        .await;
    }
    let (role, db) = test.login("IN ROLE threadline_retention").await;
    forbidden(
        &db,
        &[
            "DELETE FROM threadline.audit_changes",
            "UPDATE threadline.audit_changes SET op = 'insert'",
            "INSERT INTO threadline.audit_retention_runs (kind) VALUES ('purge')",
            "UPDATE threadline.audit_horizons SET complete_since = now()",
            "SELECT threadline.open_run(1)",
            "SELECT threadline.note_run(NULL, 1)",
            "SELECT threadline.set_context('{}')",
            "SELECT threadline.begin_transaction()",
            "TRUNCATE threadline.audit_changes",
            "SET ROLE threadline_owner",
        ],
    )
    .await;
    let two = test.pool_as(&role, 2).await;
    assert_eq!(purge(&days(10)).run(&two).await.unwrap().deleted_changes, 2);
    let (_, reader) = test.login("IN ROLE threadline_reader").await;
    assert_eq!(purge(&days(10)).preview(&reader).await.unwrap().may_go(), 0);
    let (_, nobody) = test.login("").await;
    let err = purge(&days(10)).run(&nobody).await.unwrap_err();
    assert!(
        matches!(
            err,
            RetentionError::NoSecondConnection { .. } | RetentionError::NotPermitted { .. }
        ),
        "{err:?}"
    );
}

#[tokio::test]
async fn the_database_itself_refuses_a_policy_that_keeps_less_than_a_day() {
    let test = old_items().await;
    for (policy, says) in [
        (
            r#"{"keep_last": true}"#,
            "keep_days of a retention policy is a whole number from 1 to 36500, not missing",
        ),
        (r#"{"keep_days": 0, "keep_last": true}"#, "not 0"),
        (r#"{"keep_days": -1, "keep_last": true}"#, "not -1"),
        (r#"{"keep_days": 0.5, "keep_last": true}"#, "not 0.5"),
        (r#"{"keep_days": "9", "keep_last": true}"#, "not \"9\""),
        (
            r#"{"keep_days": 9}"#,
            "keep_last of a retention policy is true or false, not missing",
        ),
        (
            r#"{"keep_days": 9, "keep_last": true, "classes": [{"keep_days": 0, "tables": []}]}"#,
            "not 0",
        ),
        (
            r#"{"keep_days": 9, "keep_last": true, "classes": [{"keep_days": 1, "tables": [{"schema": "public", "table": "t"}]}, {"keep_days": 2, "tables": [{"schema": "public", "table": "t"}]}]}"#,
            "table public.t is in more than one class",
        ),
    ] {
        let reason = refused(
            &test.db,
            &format!("SELECT threadline.begin_retention('purge', '{policy}', NULL)"),
        )
        .await;
        assert!(
            reason.starts_with("TL006 ") && reason.contains(says),
            "{policy}: {reason}"
        );
    }
    assert_eq!(
        test.one::<i64>("SELECT count(*) FROM threadline.audit_retention_runs")
            .await,
        0
    );
}

#[tokio::test]
async fn one_run_at_a_time_and_a_run_that_was_overtaken_deletes_nothing_more() {
    let test = old_items().await;
    let lock = test.db.begin().await.unwrap();
    rows(
        &lock,
        "SELECT pg_advisory_xact_lock(hashtext('threadline.retention'), hashtext('threadline'))",
    )
    .await;
    let busy = purge(&days(10)).run(&test.db).await.unwrap_err();
    assert!(matches!(busy, RetentionError::Busy), "{busy:?}");
    lock.rollback().await.unwrap();
    // A process that dies leaves its record open; the next run closes it and does the work.
    let id: i64 = test
        .one(&format!(
            "SELECT threadline.begin_retention('purge', '{POLICY}', NULL)"
        ))
        .await;
    let done = run(&test, &days(10)).await;
    assert_eq!(
        (done.deleted_changes, done.status),
        (2, RunStatus::Completed)
    );
    let status: String = test
        .one(&format!(
            "SELECT status FROM threadline.audit_retention_runs WHERE id = {id}"
        ))
        .await;
    assert_eq!(status, "abandoned");
}

#[tokio::test]
async fn a_failure_is_recorded_and_leaves_whole_batches() {
    let test = items().await;
    test.run("INSERT INTO items SELECT n, 'a' FROM generate_series(1, 20) n; DELETE FROM items")
        .await;
    test.age(30).await;
    // A trigger of somebody's own that fails when item 15 goes.
    test.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.table_pk = '{\"id\": 15}' THEN RAISE 'broken'; END IF; RETURN OLD; END $$;
         CREATE TRIGGER z_fail BEFORE DELETE ON threadline.audit_changes FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .await;
    let purge = purge(&days(10)).batch_size(4).pause(Duration::ZERO);
    purge.run(&test.db).await.unwrap_err();
    assert_eq!(
        left(&test).await.len(),
        28,
        "three batches of four are gone"
    );
    let (status, error): (String, String) = (
        test.one("SELECT status FROM threadline.audit_retention_runs")
            .await,
        test.one("SELECT error FROM threadline.audit_retention_runs")
            .await,
    );
    assert_eq!(status, "failed");
    assert!(error.contains("broken"), "{error}");
    assert_eq!(
        test.one::<String>("SELECT verdict FROM threadline.audit_evidence")
            .await,
        "unsupported"
    );
    // Its beginning is gone, its end is not: it does not seem to be there.
    let ended = item(&test, 1, chrono::Utc::now()).await;
    assert!(matches!(ended, Snapshot::Deleted { .. }), "{ended:?}");
    test.run("DROP TRIGGER z_fail ON threadline.audit_changes")
        .await;
    purge.run(&test.db).await.unwrap();
    assert_eq!(left(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pool_with_one_connection_is_told_that_two_are_needed() {
    let test = old_items().await;
    let mut options = sea_orm::ConnectOptions::new(&test.url);
    options
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(200))
        .sqlx_logging(false);
    let db = sea_orm::Database::connect(options).await.unwrap();
    let err = purge(&days(10)).run(&db).await.unwrap_err();
    assert!(
        matches!(err, RetentionError::NoSecondConnection { .. }),
        "{err:?}"
    );
    assert!(err.to_string().contains("max_connections"), "{err}");
    db.execute_unprepared("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_run_inside_a_transaction_is_taken_back_with_it() {
    let test = old_items().await;
    let txn = test.db.begin().await.unwrap();
    let done = purge(&days(10)).run(&txn).await.unwrap();
    assert_eq!(done.deleted_changes, 2);
    txn.rollback().await.unwrap();
    assert_eq!(left(&test).await.len(), 3);
    assert_eq!(
        test.one::<i64>("SELECT count(*) FROM threadline.audit_horizons")
            .await,
        0
    );
}
