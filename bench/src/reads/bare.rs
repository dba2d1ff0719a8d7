//! The reference: the same rows by the barest statement.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};
use threadline::{AuditChange, PageToken};

use crate::error::{Error, Result};

/// A statement that fetches known rows, and how many they are.
#[derive(Clone, Debug)]
pub(super) struct Bare {
    statement: Statement,
    rows: usize,
}

impl Bare {
    /// A range of one index.
    pub(super) fn range(
        condition: &str,
        order: &str,
        values: impl IntoIterator<Item = Value>,
        rows: usize,
    ) -> Self {
        let sql = format!(
            "SELECT c.* FROM threadline.audit_changes c WHERE {condition} ORDER BY {order} LIMIT {rows}"
        );
        Self::statement(sql, values, rows)
    }

    pub(super) fn statement(
        sql: String,
        values: impl IntoIterator<Item = Value>,
        rows: usize,
    ) -> Self {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        Self { statement, rows }
    }

    /// Each of the changes by its primary key.
    pub(super) fn keys(changes: &[AuditChange]) -> Self {
        let times: Vec<DateTime<Utc>> = changes.iter().map(|change| change.captured_at).collect();
        let ids: Vec<i64> = changes.iter().map(|change| change.id).collect();
        let sql = "SELECT c.* FROM unnest($1::timestamptz[], $2::bigint[]) AS k (captured_at, id) CROSS JOIN LATERAL \
             (SELECT * FROM threadline.audit_changes c WHERE c.captured_at = k.captured_at AND c.id = k.id OFFSET 0) AS c";
        Self::statement(sql.to_owned(), [times.into(), ids.into()], changes.len())
    }

    /// Fetches the rows, and does nothing with them.
    pub(super) async fn fetch(&self, db: &DatabaseConnection) -> Result<()> {
        let found = db.query_all_raw(self.statement.clone()).await?.len();
        if found == self.rows {
            Ok(())
        } else {
            Err(Error::Read {
                expected: self.rows,
                found,
            })
        }
    }
}

/// The values of a token's position, for a bare statement that begins there.
pub(super) fn position(last: &AuditChange) -> [Value; 2] {
    [last.captured_at.into(), last.id.into()]
}

/// A page token and the change it stands behind.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) token: PageToken,
    pub(super) last: AuditChange,
}
