//! Many writers at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt};

use crate::support::{TestDb, rows, run};

const WRITERS: u64 = 16;
const TRANSACTIONS: u64 = 80;
const ROWS: u64 = 24;

/// By actor: the request and what the client saw itself change, in order.
type Record = BTreeMap<String, (String, Vec<String>)>;

/// Numbers that look random and are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One statement that says which rows it changed, and how.
fn statement(kind: u64, id: u64, until: u64, word: &str) -> String {
    let told = |op: &str| format!("RETURNING concat_ws(' ', {op}, id, balance, last)");
    match kind {
        0 | 1 => format!(
            "UPDATE accounts SET balance = balance + 1, last = '{word}' WHERE id = {id} {}",
            told("'update'")
        ),
        2 => format!(
            "INSERT INTO accounts VALUES ({id}, 0, '{word}') ON CONFLICT (id) DO UPDATE
               SET balance = accounts.balance + 10, last = excluded.last {}",
            told("CASE WHEN xmax = 0 THEN 'insert' ELSE 'update' END")
        ),
        3 => format!(
            "INSERT INTO accounts VALUES ({id}, 5, '{word}') ON CONFLICT DO NOTHING {}",
            told("'insert'")
        ),
        4 => format!("DELETE FROM accounts WHERE id = {id} {}", told("'delete'")),
        5 => format!("UPDATE accounts SET balance = balance WHERE id = {id} RETURNING NULL::text"),
        _ => format!(
            "WITH locked AS (SELECT id AS n FROM accounts WHERE id >= {id} AND id < {until} ORDER BY id FOR UPDATE)
             UPDATE accounts SET balance = balance + 100, last = '{word}' FROM locked WHERE id = n {}",
            told("'update'")
        ),
    }
}

async fn tell(db: &impl ConnectionTrait, sql: &str) -> Vec<String> {
    let rows = rows(db, sql).await;
    let told = rows
        .iter()
        .map(|row| row.try_get_by_index::<Option<String>>(0).unwrap());
    told.flatten().collect()
}

/// Rows are locked in the order of their keys, so that the writers themselves can't deadlock.
async fn writer(test: &TestDb, number: u64) -> Record {
    let db = test.pool(1).await;
    let mut dice = Dice(number + 1);
    let mut record = Record::new();
    for n in 0..TRANSACTIONS {
        let name = format!("{number}-{n}");
        let context =
            AuditContext::for_actor(ActorRef::job(&name).unwrap()).request_id(format!("r{name}"));
        let txn = db.begin_audited(&context).await.unwrap();
        let mut ids: Vec<_> = (0..=dice.roll(5)).map(|_| dice.roll(ROWS)).collect();
        ids.sort_unstable();
        let mut changes = Vec::new();
        for (i, &id) in ids.iter().enumerate() {
            let until = ids.get(i + 1).map_or(id + 3, |next| next + 1);
            let sql = statement(dice.roll(7), id, until, &format!("{name}.{i}"));
            match dice.roll(6) {
                0 => {
                    run(&txn, "SAVEPOINT s").await;
                    tell(&txn, &sql).await;
                    run(&txn, "ROLLBACK TO SAVEPOINT s").await;
                }
                1 => {
                    run(&txn, "SAVEPOINT s").await;
                    changes.extend(tell(&txn, &sql).await);
                    run(&txn, "RELEASE SAVEPOINT s").await;
                }
                2 => {
                    run(&txn, "SAVEPOINT s").await;
                    tell(&txn, &sql).await;
                    let division = Statement::from_string(DbBackend::Postgres, "SELECT 1 / 0");
                    assert!(txn.execute_raw(division).await.is_err());
                    run(&txn, "ROLLBACK TO SAVEPOINT s").await;
                }
                _ => changes.extend(tell(&txn, &sql).await),
            }
        }
        if dice.roll(4) == 0 {
            txn.rollback().await.unwrap();
            continue;
        }
        let id = txn.commit().await.unwrap();
        assert_eq!(id.is_some(), !changes.is_empty(), "{name}: {changes:?}");
        if !changes.is_empty() {
            record.insert(name.clone(), (format!("r{name}"), changes));
        }
    }
    db.close().await.unwrap();
    record
}

#[tokio::test]
async fn sixteen_writers_leave_every_committed_change_once_in_one_transaction_of_its_actor() {
    let table = "CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, last text NOT NULL)";
    let test = TestDb::with_tables(table, &["accounts"]).await;
    let records = join_all((0..WRITERS).map(|number| writer(&test, number))).await;
    let expected: Record = records.into_iter().flatten().collect();
    assert!(expected.len() > 500, "{}", expected.len());

    let sql = "SELECT t.actor_type || ' ' || t.actor_id, t.request_id, array_agg(concat_ws(' ', c.op, c.data_after ->> 'id',
                 c.data_after ->> 'balance', c.data_after ->> 'last') ORDER BY c.captured_at, c.id)
            FROM threadline.audit_transactions t LEFT JOIN threadline.audit_changes c ON c.transaction_id = t.id GROUP BY t.id";
    let there = rows(&test.db, sql).await;
    assert_eq!(there.len(), expected.len(), "one transaction each");
    let mut found = Record::new();
    for row in &there {
        let actor: String = row.try_get_by_index(0).unwrap();
        let actor = actor.strip_prefix("job ").unwrap().to_owned();
        let value = (
            row.try_get_by_index(1).unwrap(),
            row.try_get_by_index(2).unwrap(),
        );
        found.insert(actor, value);
    }
    for (actor, expected) in &expected {
        assert_eq!(found.get(actor), Some(expected), "{actor}");
    }
    let orphans: i64 = test
        .one("SELECT count(*) FROM threadline.audit_changes WHERE transaction_id NOT IN (SELECT id FROM threadline.audit_transactions)")
        .await;
    assert_eq!(orphans, 0);

    // An update's previous image is the image before it, whoever wrote that.
    let broken: Vec<String> = test
        .all(
            "SELECT concat_ws(' ', op, data_after, changed_from, before_op, before) FROM (
               SELECT *, lag(op) OVER chain AS before_op, lag(data_after) OVER chain AS before FROM threadline.audit_changes
               WINDOW chain AS (PARTITION BY table_pk ORDER BY captured_at, id)) AS c
             WHERE CASE op
               WHEN 'insert' THEN before_op <> 'delete'
               WHEN 'delete' THEN (before_op <> 'delete' AND before = data_after) IS NOT TRUE
               ELSE (before_op <> 'delete' AND before = data_after || changed_from) IS NOT TRUE END",
        )
        .await;
    assert_eq!(broken, [""; 0]);
    let differences: Vec<String> = test
        .all(
            "SELECT t::text FROM accounts t FULL JOIN (
               SELECT DISTINCT ON (table_pk) * FROM threadline.audit_changes ORDER BY table_pk, captured_at DESC, id DESC) AS c
               ON c.table_pk = jsonb_build_object('id', t.id)
             WHERE CASE WHEN t.id IS NULL THEN c.op <> 'delete' ELSE (c.op <> 'delete' AND c.data_after = to_jsonb(t)) IS NOT TRUE END",
        )
        .await;
    assert_eq!(differences, [""; 0]);
}

#[tokio::test]
async fn an_open_transaction_keeps_no_other_writer_waiting() {
    let test = TestDb::with_tables(
        "CREATE TABLE notes (id int PRIMARY KEY, body text)",
        &["notes"],
    )
    .await;
    let context = |name: &str| AuditContext::for_actor(ActorRef::user(name).unwrap());
    let mut open = Vec::new();
    for i in 0..8 {
        let db = test.pool(1).await;
        run(&db, "SET lock_timeout = '1ms'").await;
        let txn = db.begin_audited(&context(&format!("u{i}"))).await.unwrap();
        run(
            &txn,
            &format!(
                "INSERT INTO notes VALUES ({i}, 'a'); UPDATE notes SET body = 'b' WHERE id = {i}"
            ),
        )
        .await;
        open.push(txn);
    }
    assert_eq!(test.transactions().await, 0);
    for txn in open.into_iter().rev() {
        assert!(txn.commit().await.unwrap().is_some());
    }
    let actors: Vec<String> = test
        .all("SELECT concat_ws(' ', actor_id, (SELECT array_agg(op || (table_pk ->> 'id') ORDER BY c.id) FROM threadline.audit_changes c WHERE c.transaction_id = t.id))
                FROM threadline.audit_transactions t ORDER BY 1")
        .await;
    let expected: Vec<_> = (0..8)
        .map(|i| format!("u{i} {{insert{i},update{i}}}"))
        .collect();
    assert_eq!(actors, expected);
}
