//! Whole months.

use chrono::{TimeDelta, Utc};
use sea_orm::TransactionTrait;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, Snapshot, record_action,
    retention::{Hold, Partition, RetentionError, RunStatus, partitions, status},
};

use super::{days, item, items, left, run};
use crate::support::{TestDb, rows, run as sql, sql::refused};

/// Makes the months of the past year that are not there, as if the schema had been there then.
pub async fn past_months(test: &TestDb) {
    test.run(
        "DO $$ DECLARE m timestamptz; BEGIN
           FOR m IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '12 months', date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month', interval '1 month') AT TIME ZONE 'UTC' LOOP
             CONTINUE WHEN to_regclass('threadline.' || to_char(m AT TIME ZONE 'UTC', '\"audit_changes_\"YYYY\"_\"MM')) IS NOT NULL;
             EXECUTE format('CREATE TABLE threadline.%I PARTITION OF threadline.audit_changes FOR VALUES FROM (%L) TO (%L)',
               to_char(m AT TIME ZONE 'UTC', '\"audit_changes_\"YYYY\"_\"MM'), m, (m AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
             EXECUTE format('ALTER TABLE threadline.%I OWNER TO threadline_owner', to_char(m AT TIME ZONE 'UTC', '\"audit_changes_\"YYYY\"_\"MM'));
           END LOOP; END $$",
    )
    .await;
}

async fn months(test: &TestDb) -> Vec<Partition> {
    let all = status(&days(1000), &test.db).await.unwrap().partitions;
    all.into_iter()
        .filter(|partition| partition.ends_at.is_some_and(|end| end < Utc::now()))
        .collect()
}

#[tokio::test]
async fn months_past_their_time_are_dropped_and_those_that_hold_a_last_version_stay() {
    let test = items().await;
    past_months(&test).await;
    test.run("INSERT INTO items VALUES (1, 'quiet'), (2, 'gone')")
        .await;
    let txn = test
        .db
        .begin_audited(&AuditContext::for_actor(ActorRef::user(1).unwrap()))
        .await
        .unwrap();
    sql(&txn, "DELETE FROM items WHERE id = 2").await;
    record_action("item.removed").insert(&txn).await.unwrap();
    txn.commit().await.unwrap();
    test.age(90).await;
    test.run("INSERT INTO items VALUES (3, 'old'); UPDATE items SET title = 'newer' WHERE id = 3")
        .await;
    test.age(90).await;
    test.run("UPDATE items SET title = 'newest' WHERE id = 3; UPDATE items SET title = 'loud' WHERE id = 1").await;
    test.age(35).await;
    assert_eq!(months(&test).await.len(), 12);
    // 215 days ago: rows 1 and 2; 125 days ago: row 3; 35 days ago: rows 3 and 1 again.
    let plan = partitions(&days(100)).preview(&test.db).await.unwrap();
    assert!(plan.create.is_empty());
    let kept: Vec<_> = plan
        .keep
        .iter()
        .map(|kept| kept.because_of.to_string())
        .collect();
    assert_eq!(kept, ["items", "items"], "{plan:?}");
    let done = partitions(&days(100)).run(&test.db).await.unwrap();
    let planned: Vec<_> = plan
        .drop
        .iter()
        .map(|partition| partition.name.clone())
        .collect();
    assert_eq!((done.dropped, done.kept), (planned, plan.keep));
    let record = done.run.unwrap();
    assert_eq!(
        (record.status, record.deleted_changes),
        (RunStatus::Completed, 0)
    );
    assert!(record.dropped_partitions >= 6, "{record:?}");
    assert_eq!(left(&test).await.len(), 7);
    // When the quiet row is no longer quiet, its month goes with everything that is in it.
    let at = Utc::now() - TimeDelta::days(25);
    let before = [item(&test, 1, at).await, item(&test, 3, at).await];
    let done = partitions(&days(30)).run(&test.db).await.unwrap();
    assert_eq!(
        (done.dropped.len() as i64, done.kept.len()),
        (done.run.as_ref().unwrap().dropped_partitions, 0),
        "{done:?}"
    );
    let record = done.run.unwrap();
    assert_eq!(
        (
            record.deleted_changes,
            record.deleted_transactions,
            record.deleted_actions
        ),
        (5, 3, 1)
    );
    assert_eq!(
        left(&test).await,
        ["items update 3 newest", "items update 1 loud"]
    );
    assert_eq!([item(&test, 1, at).await, item(&test, 3, at).await], before);
    assert_eq!(
        item(&test, 3, Utc::now() - TimeDelta::days(32)).await,
        Snapshot::BeforeHorizon
    );
    assert!(rows(&test.db, "SELECT FROM threadline.audit_transactions t WHERE NOT EXISTS (SELECT FROM threadline.audit_changes c WHERE c.transaction_id = t.id)").await.is_empty());
}

#[tokio::test]
async fn the_end_of_a_row_does_not_go_before_what_it_ends() {
    for end in ["DELETE FROM items WHERE id = 2", "TRUNCATE items"] {
        let test = items().await;
        past_months(&test).await;
        test.run("CREATE TABLE other (id int PRIMARY KEY)").await;
        test.capture("other", threadline::CapturePolicy::default())
            .await;
        test.run("INSERT INTO other VALUES (1); INSERT INTO items VALUES (2, 'gone')")
            .await;
        test.age(70).await;
        test.run(end).await;
        test.age(70).await;
        // The quiet row keeps its month, and with it what the other row was.
        let plan = partitions(&days(30)).preview(&test.db).await.unwrap();
        let done = partitions(&days(30)).run(&test.db).await.unwrap();
        assert_eq!(done.kept, plan.keep);
        let because: Vec<_> = done
            .kept
            .iter()
            .map(|of| of.because_of.to_string())
            .collect();
        assert_eq!(because, ["other", "items"], "{end}");
        let gone = item(&test, 2, Utc::now()).await;
        assert!(matches!(gone, Snapshot::Deleted { .. }), "{end}: {gone:?}");
        // A purge takes both, and the month of the end goes whole.
        run(&test, &days(30)).await;
        assert_eq!(left(&test).await, ["other insert 1"], "{end}");
        let done = partitions(&days(30)).run(&test.db).await.unwrap();
        assert_eq!((done.dropped.len(), done.kept.len()), (1, 1), "{end}");
        let gone = item(&test, 2, Utc::now()).await;
        assert_eq!(gone, Snapshot::BeforeHorizon, "{end}");
    }
}

#[tokio::test]
async fn what_a_row_was_in_the_default_partition_keeps_its_end_as_well() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a')").await;
    test.age(400).await;
    past_months(&test).await;
    test.run("DELETE FROM items").await;
    test.age(60).await;
    let done = partitions(&days(30)).run(&test.db).await.unwrap();
    assert_eq!(done.kept.len(), 1, "{done:?}");
    let gone = item(&test, 1, Utc::now()).await;
    assert!(matches!(gone, Snapshot::Deleted { .. }), "{gone:?}");
}

#[tokio::test]
async fn a_month_with_something_held_or_of_a_longer_class_stays() {
    let test = items().await;
    past_months(&test).await;
    test.run("INSERT INTO items VALUES (1, 'a'); DELETE FROM items")
        .await;
    test.age(200).await;
    let key = serde_json::json!({"id": 1}).as_object().unwrap().clone();
    let held = days(30)
        .hold(Hold::row("items".parse().unwrap(), key))
        .unwrap();
    let done = partitions(&held).run(&test.db).await.unwrap();
    assert_eq!(done.kept.len(), 1, "{done:?}");
    let long = days(30)
        .class("long", 900, ["items".parse().unwrap()])
        .unwrap();
    let done = partitions(&long).run(&test.db).await.unwrap();
    assert_eq!(
        (done.dropped.len(), done.kept.len(), done.run),
        (0, 0, None),
        "no month is past its time for every table"
    );
    let short = days(300)
        .class("short", 30, ["other".parse().unwrap()])
        .unwrap();
    assert_eq!(
        partitions(&short)
            .run(&test.db)
            .await
            .unwrap()
            .dropped
            .len(),
        0
    );
    assert_eq!(left(&test).await.len(), 2);
    let done = partitions(&days(30)).run(&test.db).await.unwrap();
    assert_eq!(done.dropped.len(), 1, "{done:?}");
    assert_eq!(left(&test).await.len(), 0);
    assert_eq!(test.transactions().await, 0);
}

#[tokio::test]
async fn months_are_made_ahead_by_the_retention_role() {
    let test = items().await;
    let (role, _) = test.login("IN ROLE threadline_retention").await;
    let db = test.pool_as(&role, 2).await;
    let ahead = partitions(&days(30)).months_ahead(15);
    let plan = ahead.preview(&db).await.unwrap();
    assert_eq!(plan.create.len(), 3, "{plan:?}");
    assert_eq!(ahead.run(&db).await.unwrap().created, 3);
    assert_eq!(ahead.run(&db).await.unwrap().created, 0);
    assert_eq!(
        ahead.preview(&db).await.unwrap().create,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_month_that_was_not_made_in_time_is_named_as_the_reason() {
    let test = items().await;
    test.run("INSERT INTO items VALUES (1, 'a')").await;
    test.forge("UPDATE threadline.audit_changes SET captured_at = date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '14 months'").await;
    past_months(&test).await;
    let late: String = test
        .one("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '14 months', '\"audit_changes_\"YYYY\"_\"MM')")
        .await;
    // The other months are made, and those that may go are dropped.
    let err = partitions(&days(30))
        .months_ahead(20)
        .run(&test.db)
        .await
        .unwrap_err();
    let RetentionError::DefaultPartition { months, done } = &err else {
        panic!("{err:?}")
    };
    assert_eq!(months, std::slice::from_ref(&late));
    assert!(err.to_string().contains(&late), "{err}");
    assert_eq!(done.created, 7);
    assert!(done.dropped.len() >= 10, "{done:?}");
    assert_eq!(done.run.as_ref().unwrap().status, RunStatus::Completed);
    // When its changes have moved, it is made.
    test.forge("TRUNCATE threadline.audit_changes_default")
        .await;
    let done = partitions(&days(30)).months_ahead(20).run(&test.db).await;
    assert_eq!(done.unwrap().created, 1);
}

#[tokio::test]
async fn a_month_is_not_dropped_over_the_head_of_an_open_transaction_and_writers_go_on_meanwhile() {
    let test = items().await;
    past_months(&test).await;
    test.run("INSERT INTO items VALUES (1, 'a'); DELETE FROM items")
        .await;
    test.age(200).await;
    // A reader of the whole trail, and a writer.
    let open = test.db.begin().await.unwrap();
    rows(&open, "SELECT FROM threadline.audit_changes").await;
    let policy = days(30);
    let dropping = partitions(&policy);
    let drop = dropping.run(&test.db);
    let write = async {
        for id in 10..40 {
            test.run(&format!(
                "SET lock_timeout = '3s'; INSERT INTO items VALUES ({id}, 'b')"
            ))
            .await;
        }
    };
    let (done, ()) = futures_util::future::join(drop, write).await;
    let err = done.unwrap_err();
    assert!(matches!(err, RetentionError::Locked { .. }), "{err:?}");
    open.rollback().await.unwrap();
    let (status, horizons): (String, i64) = (
        test.one("SELECT status FROM threadline.audit_retention_runs")
            .await,
        test.one("SELECT count(*) FROM threadline.audit_horizons")
            .await,
    );
    assert_eq!(
        (status.as_str(), horizons),
        ("failed", 0),
        "nothing was dropped, so nothing is said to be"
    );
    let done = partitions(&policy).run(&test.db).await.unwrap();
    assert!(!done.dropped.is_empty() && done.kept.is_empty(), "{done:?}");
    assert_eq!(left(&test).await.len(), 30);
}

#[tokio::test]
async fn a_month_can_not_be_dropped_out_of_turn() {
    let test = items().await;
    let id: i64 = test.one("SELECT threadline.begin_retention('partitions', '{\"keep_days\": 10, \"keep_last\": true}', NULL)").await;
    let now: String = test
        .one("SELECT to_char(now() AT TIME ZONE 'UTC', '\"audit_changes_\"YYYY\"_\"MM')")
        .await;
    for (name, says) in [
        (now.as_str(), "is not yet past the cutoff of every table"),
        ("audit_changes_default", "is no month of the audit trail"),
        ("audit_transactions", "is no month of the audit trail"),
        (
            "x\"; DROP TABLE threadline.audit_changes; --",
            "is no month of the audit trail",
        ),
    ] {
        let name = name.replace('\'', "''");
        let reason = refused(
            &test.db,
            &format!("SELECT threadline.drop_partition({id}, '{name}')"),
        )
        .await;
        assert!(
            reason.starts_with("TL006 ") && reason.contains(says),
            "{name}: {reason}"
        );
    }
    run(&test, &days(10)).await;
}
