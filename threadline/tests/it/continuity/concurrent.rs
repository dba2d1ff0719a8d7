//! A baseline while others write.

use chrono::Utc;
use futures_util::future::{join, join_all};
use sea_orm::TransactionTrait;
use threadline::{
    CapturePolicy, Snapshot,
    continuity::{ContinuityError, baseline},
};

use super::{brownfield, table};
use crate::{
    retention::{ITEMS, item},
    support::{TestDb, run as sql},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_baseline_under_writers_never_puts_an_older_image_after_a_newer_one() {
    let test = TestDb::new().await;
    test.run(ITEMS).await;
    test.run("INSERT INTO items SELECT n, 'old' FROM generate_series(1, 600) n")
        .await;
    test.capture("items", CapturePolicy::default()).await;
    let write = async |writer: i32| {
        let db = test.pool(1).await;
        for n in 0..150 {
            let id = (n * 37 + writer * 13) % 600 + 1;
            let text = match n % 5 {
                0 => format!("DELETE FROM items WHERE id = {id}"),
                1 => format!(
                    "INSERT INTO items VALUES ({id}, 'again {writer}') ON CONFLICT (id) DO UPDATE SET title = excluded.title"
                ),
                2 => format!(
                    "UPDATE items SET title = title || '{writer}' WHERE id BETWEEN {id} AND {id} + 5"
                ),
                3 => format!(
                    "SELECT FROM items WHERE id = {id} FOR UPDATE; UPDATE items SET title = 'x{n}' WHERE id = {id}"
                ),
                _ => format!(
                    "UPDATE items SET title = 'locked {n}' WHERE id = {id}; SELECT pg_sleep(0.001)"
                ),
            };
            // Writers may meet one another in the wrong order; the database ends one of them then.
            let _ = sea_orm::ConnectionTrait::execute_unprepared(&db, &text).await;
        }
    };
    let prepared = baseline(table("items")).chunk_size(7);
    let (done, _) = join(prepared.run(&test.db), join_all([1, 2, 3].map(write))).await;
    let done = done.unwrap();
    assert!(done.captured > 100, "{done:?}");
    test.assert_true_trail("items").await;
}

#[tokio::test]
async fn a_row_that_somebody_is_changing_is_left_to_its_own_change() {
    let test = brownfield().await;
    let open = test.db.begin().await.unwrap();
    sql(
        &open,
        "UPDATE items SET title = 'mine' WHERE id = 1; SELECT FROM items WHERE id = 2 FOR UPDATE",
    )
    .await;
    let prepared = baseline(table("items"));
    let commit = async {
        // When the rest is done, the two rows are still locked.
        while test
            .one::<i64>("SELECT count(*) FROM threadline.audit_changes")
            .await
            < 8
        {
            tokio::task::yield_now().await;
        }
        open.commit().await.unwrap();
    };
    let (done, ()) = join(prepared.run(&test.db), commit).await;
    assert_eq!(done.unwrap().captured, 7);
    test.assert_true_trail("items").await;
    assert!(
        matches!(item(&test, 1, Utc::now()).await, Snapshot::Present(i) if i.row.as_str().contains("mine"))
    );
    assert_eq!(
        test.one::<i64>(
            "SELECT count(*) FROM threadline.audit_changes WHERE table_pk = '{\"id\": 1}'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn rows_that_stay_locked_are_named_and_come_with_the_next_run() {
    let test = brownfield().await;
    let open = test.db.begin().await.unwrap();
    sql(&open, "SELECT FROM items WHERE id IN (5, 6) FOR UPDATE").await;
    let err = baseline(table("items")).run(&test.db).await.unwrap_err();
    assert!(
        matches!(err, ContinuityError::StillLocked { rows: 2, .. }),
        "{err:?}"
    );
    open.rollback().await.unwrap();
    assert_eq!(
        baseline(table("items"))
            .run(&test.db)
            .await
            .unwrap()
            .captured,
        2
    );
    test.assert_true_trail("items").await;
}
