//! Lists of transactions: context, actions and counts, by one statement each.

use sea_orm::ConnectionTrait;
use threadline::{AuditContext, AuditedTransactionExt, record_action, transaction_summaries};

use crate::support::TestDb;

#[tokio::test]
async fn a_summary_counts_changes_by_table_and_op_up_to_a_cap() {
    let test = TestDb::with_tables(
        "CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (id int PRIMARY KEY);",
        &["a", "b"],
    )
    .await;
    let ctx = AuditContext::without_actor()
        .allow_missing_actor()
        .request_id("r-1");
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    txn.execute_unprepared(
        "INSERT INTO a SELECT n, 0 FROM generate_series(1, 5) AS n; UPDATE a SET n = 1 WHERE id < 3; DELETE FROM a WHERE id = 1;
         INSERT INTO b VALUES (1); TRUNCATE b",
    )
    .await
    .unwrap();
    let id = txn.commit().await.unwrap().unwrap();
    let summaries = transaction_summaries([id + 7, id, id])
        .fetch(&test.db)
        .await
        .unwrap();
    let [summary] = &summaries[..] else {
        panic!("{summaries:?}")
    };
    assert_eq!(summary.transaction.request_id.as_deref(), Some("r-1"));
    assert_eq!((summary.changes.value, summary.changes.capped), (10, false));
    let counts: Vec<_> = summary
        .tables
        .iter()
        .map(|t| {
            (
                t.table_name.as_str(),
                t.inserts,
                t.updates,
                t.deletes,
                t.truncates,
            )
        })
        .collect();
    assert_eq!(counts, [("a", 5, 2, 1, 0), ("b", 1, 0, 0, 1)]);

    let sampled = transaction_summaries([id])
        .samples(20)
        .fetch(&test.db)
        .await
        .unwrap();
    let all = threadline::incident(id)
        .fetch(&test.db)
        .await
        .unwrap()
        .unwrap()
        .changes;
    assert!(
        sampled[0]
            .samples
            .iter()
            .eq(all.iter().map(|entry| &entry.change))
    );
    let sampled = transaction_summaries([id])
        .samples(4)
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(sampled[0].samples.len(), 4);
    assert_eq!(summary.samples.len(), 0);

    let capped = transaction_summaries([id])
        .changes_cap(3)
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(
        (capped[0].changes.value, capped[0].changes.capped),
        (3, true)
    );
    let exact = transaction_summaries([id])
        .changes_cap(10)
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(
        (exact[0].changes.value, exact[0].changes.capped),
        (10, false)
    );
}

#[tokio::test]
async fn a_summary_gives_the_first_actions_and_says_when_there_are_more() {
    let test = TestDb::new().await;
    let ctx = AuditContext::for_actor(threadline::ActorRef::user(1).unwrap());
    let txn = test.db.begin_audited(&ctx).await.unwrap();
    for name in ["a.one", "a.two", "a.three"] {
        record_action(name).insert(&txn).await.unwrap();
    }
    let id = txn.commit().await.unwrap().unwrap();
    for (cap, expected, more) in [
        (2, &["a.one", "a.two"][..], true),
        (3, &["a.one", "a.two", "a.three"], false),
    ] {
        let summaries = transaction_summaries([id])
            .actions_cap(cap)
            .fetch(&test.db)
            .await
            .unwrap();
        let names: Vec<_> = summaries[0]
            .actions
            .iter()
            .map(|action| action.name.as_str())
            .collect();
        assert_eq!((&names[..], summaries[0].more_actions), (expected, more));
        assert_eq!(
            (summaries[0].changes.value, &summaries[0].tables[..]),
            (0, &[][..])
        );
    }
    assert_eq!(transaction_summaries([]).fetch(&test.db).await.unwrap(), []);
}
