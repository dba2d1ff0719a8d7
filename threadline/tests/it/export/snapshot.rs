//! One export, one snapshot.

use std::sync::atomic::{AtomicBool, Ordering};

use threadline::{
    export::{ExportFormat, export},
    timeline,
};

use super::ids;
use crate::support::{TestDb, rows, run};

/// Every transaction moves money between two accounts, and writes one line for each.
#[tokio::test]
async fn an_export_holds_whole_transactions_while_others_write() {
    let test = TestDb::with_tables(
        "CREATE TABLE moves (id bigserial PRIMARY KEY, pair int, amount int)",
        &["moves"],
    )
    .await;
    let write = "BEGIN; INSERT INTO moves (pair, amount) VALUES (1, 7); INSERT INTO moves (pair, amount) VALUES (1, -7); COMMIT";
    for _ in 0..700 {
        test.run(write).await;
    }
    let writer = test.pool(1).await;
    let is_over = AtomicBool::new(false);
    let writing = async {
        let mut written = 0;
        while !is_over.load(Ordering::Relaxed) {
            run(&writer, write).await;
            written += 1;
        }
        written
    };
    let exporting = async {
        let prepared = export(timeline()).format(ExportFormat::Ndjson);
        for _ in 0..5 {
            let mut exporter = prepared.begin(&test.db).await.unwrap();
            let mut text = Vec::new();
            while let Some(chunk) = exporter.next_chunk().await.unwrap() {
                text.extend_from_slice(&chunk);
                // Somebody else writes between any two chunks.
                test.run(write).await;
            }
            let text = String::from_utf8(text).unwrap();
            let sum: i64 = text
                .lines()
                .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
                .filter_map(|record| record["data_after"]["amount"].as_i64())
                .sum();
            let ids = ids(ExportFormat::Ndjson, &text);
            assert_eq!((sum, ids.len() % 2), (0, 0));
            let at = exporter.head().snapshot_at;
            let sql = format!(
                "SELECT count(*) FROM threadline.audit_changes WHERE captured_at <= '{}'",
                at.to_rfc3339()
            );
            let by_then: i64 = rows(&test.db, &sql).await[0].try_get_by_index(0).unwrap();
            assert!(
                ids.len() + 4 >= usize::try_from(by_then).unwrap(),
                "{} of {by_then}",
                ids.len()
            );
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (written, ()) = futures_util::future::join(writing, exporting).await;
    assert!(written > 0);
}

#[tokio::test]
async fn an_export_within_a_transaction_is_refused() {
    use sea_orm::TransactionTrait as _;
    let test = TestDb::new().await;
    let txn = test.db.begin().await.unwrap();
    run(&txn, "SELECT 1").await;
    assert!(export(timeline()).begin(&txn).await.is_err());
    assert!(export(timeline()).begin_in(txn).await.is_err());
}

#[tokio::test]
async fn a_reader_that_rests_too_long_loses_the_export_and_not_the_database() {
    let test = super::notes().await;
    let prepared = export(timeline()).idle_limit(std::time::Duration::from_millis(1));
    let mut exporter = prepared.begin(&test.db).await.unwrap();
    // The server ends the session: wait until it is gone.
    loop {
        let open: i64 = test
            .one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'")
            .await;
        if open == 0 {
            break;
        }
    }
    assert!(exporter.next_chunk().await.is_err());
    assert_eq!(exporter.next_chunk().await.unwrap(), None);
}
