//! Audited transactions through PgBouncer in transaction mode.

use futures_util::future::join_all;
use launcher::PgBouncer;
use sea_orm::{ConnectionTrait, TransactionTrait};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt, record_action};

use crate::support::{TestDb, connect, rows, run, server_url};

/// What the checklist says for versions that keep prepared statements, and for those that lose them. Neither resets
/// a session's settings: a context that outlives its transaction would be seen.
fn settings() -> [Vec<(&'static str, &'static str)>; 2] {
    let blocks = include_str!("../../../docs/production-checklist.md")
        .split("```ini\n")
        .skip(1)
        .map(|rest| {
            let lines = rest.split("```").next().unwrap().lines();
            lines.map(|line| line.split_once(" = ").unwrap()).collect()
        });
    blocks.collect::<Vec<_>>().try_into().unwrap()
}

const CLIENTS: usize = 8;
const ROUNDS: usize = 12;

/// What a client does in a round, in turn: an audited transaction, a plain one, and an audited one that is
/// rolled back. Each waits for the others inside of its transaction, so that they interleave.
async fn client(url: &str, number: usize) {
    let db = connect(url, 1).await;
    for round in 0..ROUNDS {
        let tag = format!("{number}-{round}");
        let insert = format!("INSERT INTO posts (tag) VALUES ('{tag}')");
        let context = AuditContext::for_actor(ActorRef::job(&tag).unwrap()).request_id(&tag);
        match (number + round) % 3 {
            0 => {
                let done = db
                    .audited_transaction(&context, async |txn| {
                        run(txn, &insert).await;
                        tokio::task::yield_now().await;
                        record_action("post.made").insert(txn).await?;
                        let sql =
                            format!("UPDATE posts SET n = 1 WHERE tag = '{tag}' RETURNING id");
                        assert_eq!(rows(txn, &sql).await.len(), 1);
                        Ok::<_, threadline::Error>(())
                    })
                    .await
                    .unwrap();
                assert!(done.audit_transaction_id.is_some());
            }
            1 => {
                let txn = db.begin().await.unwrap();
                run(&txn, &insert.replace("('", "('plain-")).await;
                tokio::task::yield_now().await;
                txn.commit().await.unwrap();
            }
            _ => {
                let txn = db.begin_audited(&context).await.unwrap();
                run(&txn, &insert).await;
                tokio::task::yield_now().await;
                txn.rollback().await.unwrap();
                db.execute_unprepared(&insert.replace("('", "('plain-"))
                    .await
                    .unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_on_few_connections_keep_their_contexts_apart() {
    let test = TestDb::with_tables(
        "CREATE TABLE posts (id serial PRIMARY KEY, tag text, n int)",
        &["posts"],
    )
    .await;
    let [kept, lost] = settings();
    let start = |settings: &[_]| PgBouncer::start(&server_url("postgres"), 2, settings).unwrap();
    let mut pooler = start(&lost);
    if pooler.keeps_statements() {
        pooler = start(&kept);
    }
    let name: String = test.one("SELECT current_database()::text").await;
    let url = match pooler.keeps_statements() {
        true => pooler.url(&name),
        false => pooler.url(&name) + "?statement-cache-capacity=0",
    };
    join_all((0..CLIENTS).map(|number| client(&url, number))).await;

    let wrong: Vec<String> = test
        .all(
            "SELECT concat_ws(' ', c.op, c.data_after ->> 'tag', t.actor_id, t.request_id) FROM threadline.audit_changes c
               JOIN threadline.audit_transactions t ON t.id = c.transaction_id
              WHERE coalesce(t.actor_id, '') <> CASE WHEN c.data_after ->> 'tag' LIKE 'plain-%' THEN '' ELSE c.data_after ->> 'tag' END
                 OR t.actor_id IS DISTINCT FROM t.request_id",
        )
        .await;
    assert_eq!(wrong, Vec::<String>::new());
    let counts: Vec<String> = test
        .all(
            "SELECT concat_ws(' ', c.op, count(*), count(DISTINCT c.transaction_id)) FROM threadline.audit_changes c
              WHERE c.data_after ->> 'tag' NOT LIKE 'plain-%' GROUP BY c.op ORDER BY c.op",
        )
        .await;
    let audited = CLIENTS * ROUNDS / 3;
    assert_eq!(
        counts,
        [
            format!("insert {audited} {audited}"),
            format!("update {audited} {audited}")
        ]
    );
    let rows_left: i64 = test.one("SELECT count(*) FROM posts").await;
    assert_eq!(rows_left, (CLIENTS * ROUNDS) as i64);
    let actions: i64 = test
        .one("SELECT count(*) FROM threadline.audit_actions a JOIN threadline.audit_transactions t ON t.id = a.transaction_id AND t.actor_id = a.actor_id")
        .await;
    assert_eq!(actions, audited as i64);
}
