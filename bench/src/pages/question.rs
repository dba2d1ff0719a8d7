//! Which pages are asked for.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, TryGetable};

use crate::error::Result;

/// Pages of one kind.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) paths: Vec<String>,
}

/// What operators open most: the newest changes, those of a table and of an actor, a transaction, a record, and one with
/// a long history.
pub(super) async fn questions(db: &DatabaseConnection) -> Result<Vec<Question>> {
    let transactions = column::<i64>(
        "SELECT id FROM threadline.audit_transactions WHERE id % 1009 = 5 ORDER BY id DESC LIMIT 10",
        db,
    )
    .await?;
    let records = column::<i64>(
        "SELECT (table_pk ->> 'id')::bigint FROM (SELECT table_pk FROM threadline.audit_changes WHERE table_name = 'table_01' \
           AND op = 'update' AND table_pk <> '{\"id\": 1}' ORDER BY captured_at DESC, id DESC LIMIT 10 OFFSET 2000) AS c",
        db,
    )
    .await?;
    Ok(vec![
        Question {
            name: "timeline",
            paths: vec!["/timeline".to_owned()],
        },
        Question {
            name: "timeline_table",
            paths: (1..=10)
                .map(|n| format!("/timeline?table=table_{n:02}"))
                .collect(),
        },
        Question {
            name: "timeline_actor",
            paths: (21..=30)
                .map(|n| format!("/timeline?actor=user:{n}"))
                .collect(),
        },
        Question {
            name: "transaction",
            paths: transactions
                .iter()
                .map(|id| format!("/transactions/{id}"))
                .collect(),
        },
        Question {
            name: "row",
            paths: records.iter().map(|id| row(*id)).collect(),
        },
        Question {
            name: "row_hot",
            paths: vec![row(1)],
        },
    ])
}

fn row(id: i64) -> String {
    format!("/rows/public.table_01/{id}")
}

/// The only column of what a statement finds.
async fn column<T: TryGetable>(sql: &str, db: &DatabaseConnection) -> Result<Vec<T>> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let rows = db.query_all_raw(statement).await?;
    let values = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(values.collect::<std::result::Result<_, _>>()?)
}
