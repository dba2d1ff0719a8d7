//! How the commands read, and record what they saw: each in one transaction.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use threadline::evidence::RecordEvidence;

const MODES: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Forgets the statements that other clients of a pooler left on the connection to the server, under
/// the names that this program will use. Where there is no pooler, or one that keeps track of
/// statements, there are none.
const FORGET: &str = r"DO $$
DECLARE
  v_name text;
BEGIN
  FOR v_name IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE name LIKE 'sqlx\_s\_%' LOOP
    EXECUTE pg_catalog.format('DEALLOCATE %I', v_name);
  END LOOP;
END $$";

/// A transaction that sees one state of the database and writes nothing.
///
/// All of a command happens in it: a pooler in transaction mode gives a transaction one connection to
/// the server, which the prepared statements of the driver need.
///
/// # Errors
/// When the database fails.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    // The driver would prepare the statement that sets the modes.
    let txn = db.begin().await?;
    txn.execute_unprepared(&format!("{MODES}; {FORGET}"))
        .await?;
    Ok(txn)
}

/// Leaves evidence, if this role may; gives its number.
///
/// # Errors
/// When the database fails.
pub(crate) async fn record(
    evidence: RecordEvidence,
    db: &DatabaseConnection,
) -> threadline::Result<Option<i64>> {
    let txn = db.begin().await?;
    txn.execute_unprepared(FORGET).await?;
    let recorded = evidence.insert_if_permitted(&txn).await?;
    txn.commit().await?;
    Ok(recorded.map(|evidence| evidence.id))
}
