//! Retention inside an application.

use std::time::Duration;

use threadline::retention::{Pruner, RunStatus, status};
use tokio::time::{sleep, timeout};

use super::{days, items, left};
use crate::support::TestDb;

pub(super) async fn old_items(rows: u32) -> TestDb {
    let test = items().await;
    test.run(&format!(
        "INSERT INTO items SELECT n, 'a' FROM generate_series(1, {rows}) n; DELETE FROM items"
    ))
    .await;
    test.age(30).await;
    test
}

pub(super) fn pruner() -> Pruner {
    Pruner::new(days(10))
        .every(Duration::from_millis(50))
        .batch_size(2)
        .pause(Duration::from_millis(1))
}

/// Waits until something is so; a test that waits for ever fails by its time.
pub(super) async fn until(mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), wait)
        .await
        .expect("it does not come to that");
}

#[tokio::test]
async fn two_instances_purge_everything_once() {
    let test = old_items(40).await;
    let pruners = [
        pruner().spawn(test.pool(2).await),
        pruner().spawn(test.pool(2).await),
    ];
    until(async || left(&test).await.is_empty()).await;
    for pruner in pruners {
        pruner.stop().await;
    }
    let deleted: i64 = test
        .one("SELECT sum(deleted_changes)::bigint FROM threadline.audit_retention_runs")
        .await;
    assert_eq!(deleted, 80);
    let overtaken: i64 = test.one("SELECT count(*) FROM threadline.audit_retention_runs WHERE status IN ('abandoned', 'running')").await;
    assert_eq!(overtaken, 0);
}

#[tokio::test]
async fn a_stopped_pruner_ends_after_its_batch_and_says_so() {
    let test = old_items(400).await;
    let pruner = pruner()
        .pause(Duration::from_millis(20))
        .spawn(test.pool(2).await);
    until(async || left(&test).await.len() < 790).await;
    timeout(Duration::from_secs(5), pruner.stop())
        .await
        .expect("it stops");
    assert!(!left(&test).await.is_empty());
    let run = &status(&days(10), &test.db).await.unwrap().runs[0];
    assert_eq!(
        (run.status, run.error.as_deref()),
        (
            RunStatus::Failed,
            Some("the retention run was stopped by the application")
        )
    );
}

#[tokio::test]
async fn a_dropped_pruner_leaves_whole_batches_and_the_next_one_goes_on() {
    let test = old_items(200).await;
    let first = pruner()
        .pause(Duration::from_millis(20))
        .spawn(test.pool(2).await);
    until(async || left(&test).await.len() < 390).await;
    drop(first);
    let second = pruner().spawn(test.pool(2).await);
    until(async || left(&test).await.is_empty()).await;
    second.stop().await;
    assert_eq!(test.transactions().await, 0);
}

#[tokio::test]
async fn months_that_can_not_be_made_keep_nothing_from_being_purged() {
    let test = old_items(10).await;
    test.run("INSERT INTO items VALUES (1, 'a')").await;
    test.forge("UPDATE threadline.audit_changes SET captured_at = date_trunc('month', now()) + interval '14 months' WHERE data_after ->> 'title' = 'a' AND captured_at > now() - interval '1 day'")
        .await;
    let pruner = pruner().months_ahead(20).spawn(test.pool(2).await);
    until(async || left(&test).await.len() == 1).await;
    pruner.stop().await;
}

#[tokio::test]
async fn a_failing_round_does_not_end_the_pruner() {
    let test = old_items(10).await;
    test.run(
        "CREATE SEQUENCE tries; GRANT ALL ON SEQUENCE tries TO threadline_owner;
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('public.tries'); RAISE 'broken'; END $$;
         CREATE TRIGGER z_fail BEFORE INSERT ON threadline.audit_retention_runs FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .await;
    let pruner = pruner().spawn(test.pool(2).await);
    until(async || test.one::<i64>("SELECT last_value FROM tries").await > 2).await;
    assert!(!pruner.is_finished());
    test.run("DROP TRIGGER z_fail ON threadline.audit_retention_runs")
        .await;
    until(async || left(&test).await.is_empty()).await;
    pruner.stop().await;
}
