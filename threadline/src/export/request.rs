use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, Statement, StreamTrait, TransactionSession, TransactionTrait,
};

use super::{Checkpoint, EXPORT_SCHEMA_VERSION, ExportFormat, ExportHead, Exporter};
use crate::{
    error::{Error, Result},
    query::{Count, Timeline, Way},
};

/// Prepares an export of what a timeline finds, from its page on, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{export::{ExportFormat, export}, timeline};
///
/// let file = std::fs::File::create("posts.csv")?;
/// let end = export(timeline().table("posts"))
///     .format(ExportFormat::Csv)
///     .limit(1_000_000)
///     .begin(db)
///     .await?
///     .write_to(file)
///     .await?;
/// println!("{} changes, complete: {}", end.rows, end.complete);
/// # Ok(()) }
/// ```
pub fn export(timeline: Timeline) -> Export {
    Export {
        timeline,
        format: ExportFormat::default(),
        limit: None,
        idle_limit: None,
        statement_limit: None,
    }
}

/// An export to be begun; see [`export`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `begin`"]
pub struct Export {
    timeline: Timeline,
    format: ExportFormat,
    limit: Option<u64>,
    idle_limit: Option<Duration>,
    statement_limit: Option<Duration>,
}

impl Export {
    /// Sets how the file is written. Default: [`ExportFormat::Csv`].
    pub fn format(mut self, format: ExportFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets how many changes it holds at most; at least one. Default: any number.
    ///
    /// An export that has more to give ends there, says so, and names the page token of the rest.
    pub fn limit(mut self, changes: u64) -> Self {
        self.limit = Some(changes.max(1));
        self
    }

    /// Sets how long the reader of the chunks may rest before the database ends the export. Default: the
    /// server's `idle_in_transaction_session_timeout`.
    ///
    /// An export keeps one connection and its snapshot of the database until its end. Set this where
    /// the chunks go to a client that may stop reading.
    pub fn idle_limit(mut self, rest: Duration) -> Self {
        self.idle_limit = Some(rest);
        self
    }

    /// Sets how long each statement of the export may take. Default: the server's `statement_timeout`.
    ///
    /// A statement reads one chunk at most, so that this does not limit the export as a whole.
    pub fn statement_limit(mut self, limit: Duration) -> Self {
        self.statement_limit = Some(limit);
        self
    }

    /// Counts what the export would hold, from its page on, up to its limit or up to `cap` if that is lower.
    ///
    /// # Errors
    /// When a filter or the page token can't be used, or the database fails.
    pub async fn count<C: ConnectionTrait>(&self, cap: u64, db: &C) -> Result<Count> {
        let cap = self.limit.map_or(cap, |limit| limit.min(cap));
        self.timeline.count_rest(cap, db).await
    }

    /// Takes the snapshot that the whole export reads.
    ///
    /// # Errors
    /// When a filter or the page token can't be used, the database fails, or `db` is a transaction
    /// already.
    pub async fn begin<C>(&self, db: &C) -> Result<Exporter<C::Transaction>>
    where
        C: TransactionTrait,
        C::Transaction: StreamTrait,
    {
        self.check()?;
        self.begin_in(begin(db).await?).await
    }

    /// As [`begin`](Self::begin), in a transaction of the caller's, which is rolled back in the end.
    ///
    /// # Errors
    /// When a filter or the page token can't be used, the database fails, or the transaction reads
    /// with every statement another snapshot: it has to be `REPEATABLE READ` or `SERIALIZABLE`.
    pub async fn begin_in<T>(&self, txn: T) -> Result<Exporter<T>>
    where
        T: ConnectionTrait + StreamTrait + TransactionSession,
    {
        self.check()?;
        let snapshot_at = self.snapshot(&txn).await?;
        let head = ExportHead {
            schema_version: EXPORT_SCHEMA_VERSION,
            format: self.format,
            snapshot_at,
            filters: self.timeline.filters(),
            after: self.timeline.token().cloned(),
            limit: self.limit,
        };
        Ok(Exporter::new(self.timeline.clone(), head, txn))
    }

    /// Takes up again an export that was interrupted: its chunks follow the bytes of the checkpoint.
    ///
    /// They are read from a new snapshot. Changes are only added to the trail, and the export goes
    /// back in time, so that what came since the first one is not in it; a change is, if its
    /// transaction was still open then, and a change is not, if it was purged since.
    ///
    /// # Errors
    /// When the checkpoint is of another version, the export had a scope, or the database fails.
    pub async fn resume<C>(checkpoint: Checkpoint, db: &C) -> Result<Exporter<C::Transaction>>
    where
        C: TransactionTrait,
        C::Transaction: StreamTrait,
    {
        Self::resume_in(checkpoint, begin(db).await?).await
    }

    /// As [`resume`](Self::resume), in a transaction as for [`begin_in`](Self::begin_in).
    ///
    /// # Errors
    /// As for both of them.
    pub async fn resume_in<T>(checkpoint: Checkpoint, txn: T) -> Result<Exporter<T>>
    where
        T: ConnectionTrait + StreamTrait + TransactionSession,
    {
        let version = checkpoint.head.schema_version;
        if version != EXPORT_SCHEMA_VERSION {
            return Err(Error::InvalidFilter {
                filter: "checkpoint",
                reason: format!(
                    "it has version {version}, this library goes on with version {EXPORT_SCHEMA_VERSION}; begin again"
                ),
            });
        }
        let timeline = Timeline::try_from(checkpoint.head.filters.clone())?;
        export(timeline.clone()).snapshot(&txn).await?;
        Ok(Exporter::go_on(timeline, checkpoint, txn))
    }

    /// Looks at the filters and the page token, and at nothing else: what [`begin`](Self::begin) refuses before it asks
    /// the database.
    ///
    /// # Errors
    /// When one of them can't be used.
    pub fn check(&self) -> Result<()> {
        if self.timeline.way() == Way::Newer {
            let reason = "an export goes back in time; begin it `after` a page token, or at the newest change";
            return Err(Error::InvalidFilter {
                filter: "before",
                reason: reason.to_owned(),
            });
        }
        self.timeline.select()?;
        Ok(())
    }

    /// Makes the transaction take its snapshot, and tells an instant before that: the beginning of the transaction, which
    /// may have taken it earlier.
    async fn snapshot<T: ConnectionTrait>(&self, txn: &T) -> Result<DateTime<Utc>> {
        let sql = "SELECT pg_catalog.transaction_timestamp() AS at, \
                   pg_catalog.current_setting('transaction_isolation') AS level";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = txn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
        let level: String = row.try_get("", "level")?;
        if level == "read committed" || level == "read uncommitted" {
            let reason = "an export needs a transaction that sees one snapshot: REPEATABLE READ";
            return Err(Error::Database(DbErr::Custom(reason.to_owned())));
        }
        for (setting, limit) in [
            ("idle_in_transaction_session_timeout", self.idle_limit),
            ("statement_timeout", self.statement_limit),
        ] {
            let Some(limit) = limit else { continue };
            let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
            txn.execute_unprepared(&format!("SET LOCAL {setting} = {millis}"))
                .await?;
        }
        Ok(row.try_get("", "at")?)
    }
}

/// Without a prepared statement, for which a pooler may have no place.
async fn begin<C: TransactionTrait>(db: &C) -> Result<C::Transaction> {
    let txn = db.begin().await?;
    txn.execute_unprepared("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    Ok(txn)
}
