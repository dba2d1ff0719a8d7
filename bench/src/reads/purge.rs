//! What it costs to remove a month: row by row, or with its partition. Plain SQL of the owner of the tables, with the
//! protection of the trail taken away: an experiment, not what the library does.

use std::time::Instant;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::outcome::Outcome;
use crate::error::Result;

/// How many rows a statement deletes.
const BATCH: u64 = 5_000;

/// Deletes the oldest month of changes in batches, and drops the partition of the one after it.
pub(super) async fn measure(changes: u64, db: &DatabaseConnection) -> Result<Vec<Outcome>> {
    let months = partitions(db).await?;
    let [by_row, whole, ..] = months.as_slice() else {
        return Ok(Vec::new());
    };
    db.execute_unprepared(&format!(
        "ALTER TABLE threadline.audit_changes DISABLE TRIGGER USER; ALTER TABLE threadline.{by_row} DISABLE TRIGGER USER"
    ))
    .await?;
    let start = Instant::now();
    let mut rows = 0;
    loop {
        let deleted = db
            .execute_unprepared(&format!(
                "DELETE FROM threadline.{by_row} WHERE ctid = ANY (ARRAY(SELECT ctid FROM threadline.{by_row} LIMIT {BATCH}))"
            ))
            .await?
            .rows_affected();
        if deleted == 0 {
            break;
        }
        rows += deleted;
    }
    db.execute_unprepared(&format!("VACUUM threadline.{by_row}"))
        .await?;
    let by_row = Outcome::once(
        "purge_rows",
        changes,
        start.elapsed().as_secs_f64() * 1e6,
        rows,
    );

    let rows = count(whole, db).await?;
    let start = Instant::now();
    db.execute_unprepared(&format!(
        "ALTER TABLE threadline.audit_changes DETACH PARTITION threadline.{whole}"
    ))
    .await?;
    db.execute_unprepared(&format!("DROP TABLE threadline.{whole}"))
        .await?;
    let whole = Outcome::once(
        "purge_partition",
        changes,
        start.elapsed().as_secs_f64() * 1e6,
        rows,
    );
    Ok(vec![by_row, whole])
}

/// The partitions with rows, oldest first. Their names come from the server and are plain.
async fn partitions(db: &DatabaseConnection) -> Result<Vec<String>> {
    let sql = "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
               WHERE i.inhparent = 'threadline.audit_changes'::regclass AND c.reltuples > 0 ORDER BY c.relname";
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?)
}

async fn count(partition: &str, db: &DatabaseConnection) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM threadline.{partition}");
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    let rows: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(rows.unwrap_or_default().unsigned_abs())
}
