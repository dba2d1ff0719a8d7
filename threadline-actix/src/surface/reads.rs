//! The reads of one page: one snapshot, one time limit, one scope.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait as _,
    sea_query::{Expr, Query},
};
use threadline::{
    AuditChange, ChangeScope, IncidentQuery, JsonText, PAGE_BYTES, Record, Timeline,
    TransactionSummaries, TransactionSummary, Transactions, codegen::TableName, incident, record,
    timeline, transaction_summaries, transactions,
};

use super::{
    failure::Failure,
    trail::{Group, groups, groups_of},
};

/// How many changes of each transaction in a list are counted.
const COUNTED: u64 = 500;
/// How many actions of each transaction in a list are named.
const NAMED: u64 = 5;
/// How many changes of each transaction in a list of transactions are shown.
const SAMPLES: u64 = 6;

/// The reads of one page. They see one state of the database, change nothing, and none of them takes longer than the
/// surface allows. Every question about the trail begins here, so that none misses the operator's scope.
#[derive(Debug)]
pub(crate) struct Reads {
    transaction: DatabaseTransaction,
    scope: Option<ChangeScope>,
    now: DateTime<Utc>,
}

impl Reads {
    pub(super) async fn begin(
        db: &DatabaseConnection,
        timeout: Duration,
        scope: Option<ChangeScope>,
    ) -> Result<Self, Failure> {
        let transaction = db.begin().await?;
        let limit = timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        transaction
            .execute_unprepared(&format!(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = {limit}"
            ))
            .await?;
        // The clock by which changes are captured, read as the snapshot is taken: nothing in it is later.
        let clock = Query::select()
            .expr_as(Expr::cust("clock_timestamp()"), "now")
            .to_owned();
        let row = transaction.query_one(&clock).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
        Ok(Self {
            now: row.try_get("", "now")?,
            transaction,
            scope,
        })
    }

    /// When the page is read, by the database's clock.
    pub(crate) const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The connection to hand to what is begun here.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Reads something without which there is a page: where it fails, all else is read nevertheless.
    ///
    /// # Errors
    /// What it fails with.
    pub(crate) async fn apart<T, E: From<DbErr>>(
        &self,
        read: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let savepoint = self.transaction.begin().await?;
        let read = read(&savepoint).await;
        savepoint.rollback().await?;
        read
    }

    /// Whether the operator may see a part of the trail alone.
    pub(crate) const fn is_scoped(&self) -> bool {
        self.scope.is_some()
    }

    /// A query over the changes that the operator may see.
    pub(crate) fn timeline(&self) -> Timeline {
        match &self.scope {
            None => timeline(),
            Some(scope) => timeline().in_scope(scope),
        }
    }

    /// One transaction, as far as the operator may see it.
    pub(crate) fn incident(&self, id: i64) -> IncidentQuery {
        match &self.scope {
            None => incident(id),
            Some(scope) => incident(id).in_scope(scope),
        }
    }

    /// One transaction in short, as far as the operator may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn summary(
        &self,
        id: i64,
        changes_cap: u64,
    ) -> Result<Option<TransactionSummary>, Failure> {
        let summaries = self.summaries([id]).changes_cap(changes_cap);
        Ok(summaries.fetch(&self.transaction).await?.pop())
    }

    fn summaries(&self, ids: impl IntoIterator<Item = i64>) -> TransactionSummaries {
        match &self.scope {
            None => transaction_summaries(ids),
            Some(scope) => transaction_summaries(ids).in_scope(scope),
        }
    }

    /// Changes that the operator may see, by their transactions.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn groups(&self, changes: Vec<AuditChange>) -> Result<Vec<Group>, Failure> {
        let ids = changes.iter().map(|change| change.transaction_id);
        let query = self.summaries(ids).changes_cap(COUNTED).actions_cap(NAMED);
        let summaries = query.fetch(&self.transaction).await?;
        Ok(groups(changes, summaries))
    }

    /// A query over the transactions that the operator may see.
    pub(crate) fn transactions(&self) -> Transactions {
        match &self.scope {
            None => transactions(),
            Some(scope) => transactions().in_scope(scope),
        }
    }

    /// A record, as far as the operator may see it.
    pub(crate) fn record(&self, table: TableName, key: JsonText) -> Record {
        match &self.scope {
            None => record(table, key),
            Some(scope) => record(table, key).in_scope(scope),
        }
    }

    /// Keys of so many columns of a table's changes that the operator may see: the newest and the oldest.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn keys(
        &self,
        table: &TableName,
        columns: u32,
    ) -> Result<Vec<JsonText>, Failure> {
        let changes = self.timeline().schema(table.schema()).table(table.table());
        Ok(changes.fetch_keys(columns, &self.transaction).await?)
    }

    /// Transactions that the operator may see, with some of their changes.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn groups_of(
        &self,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<Group>, Failure> {
        let query = self.summaries(ids).changes_cap(COUNTED).actions_cap(NAMED);
        let summaries = query
            .samples(SAMPLES)
            .fetch_within(PAGE_BYTES, &self.transaction)
            .await?;
        Ok(groups_of(summaries))
    }

    /// Gives the connection back.
    pub(super) async fn end(self) -> Result<(), Failure> {
        Ok(self.transaction.rollback().await?)
    }
}
