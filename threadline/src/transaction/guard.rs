use std::{future::Future, pin::Pin};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, Statement, StatementBuilder, StreamTrait, TransactionError, TransactionOptions,
    TransactionSession, TransactionTrait, prelude::async_trait,
};

use super::context;
use crate::error::Result;

/// An open transaction with a context. Dropping it rolls back.
///
/// It is a connection like any other: pass it to SeaORM's `insert`, `all`, `stream` and so on.
/// A transaction begun on it is a savepoint of the same audited transaction.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct AuditedTransaction<T = DatabaseTransaction> {
    inner: T,
}

impl<T: ConnectionTrait + TransactionSession> AuditedTransaction<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The handle of this transaction so far: `None` until something was captured or recorded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_transaction_id(&self) -> Result<Option<i64>> {
        context::current_transaction(&self.inner).await
    }

    /// Commits, and gives the handle of the transaction: `None` when it changed nothing audited.
    ///
    /// What deferred triggers change at COMMIT is captured under the same transaction; where that is
    /// all it changed, the handle is not known here.
    ///
    /// # Errors
    /// When the database fails; the transaction is then rolled back.
    pub async fn commit(self) -> Result<Option<i64>> {
        let id = self.audit_transaction_id().await?;
        self.inner.commit().await?;
        Ok(id)
    }

    /// Commits without asking for the handle.
    pub(super) async fn end(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// When the database fails; the transaction is then gone as well.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }
}

#[async_trait::async_trait]
impl<T: ConnectionTrait> ConnectionTrait for AuditedTransaction<T> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(stmt).await
    }

    async fn execute<S: StatementBuilder>(&self, stmt: &S) -> Result<ExecResult, DbErr> {
        self.inner.execute(stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(stmt).await
    }

    async fn query_one<S: StatementBuilder>(&self, stmt: &S) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(stmt).await
    }

    async fn query_all<S: StatementBuilder>(&self, stmt: &S) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all(stmt).await
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.inner.is_mock_connection()
    }
}

#[async_trait::async_trait]
impl<T: TransactionTrait + Sync> TransactionTrait for AuditedTransaction<T> {
    type Transaction = T::Transaction;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        self.inner.begin().await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        self.inner
            .begin_with_config(isolation_level, access_mode)
            .await
    }

    async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<Self::Transaction, DbErr> {
        self.inner.begin_with_options(options).await
    }

    async fn transaction<F, R, E>(&self, callback: F) -> Result<R, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c Self::Transaction,
            ) -> Pin<Box<dyn Future<Output = Result<R, E>> + Send + 'c>>
            + Send,
        R: Send,
        E: std::fmt::Display + std::fmt::Debug + Send,
    {
        self.inner.transaction(callback).await
    }

    async fn transaction_with_config<F, R, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<R, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c Self::Transaction,
            ) -> Pin<Box<dyn Future<Output = Result<R, E>> + Send + 'c>>
            + Send,
        R: Send,
        E: std::fmt::Display + std::fmt::Debug + Send,
    {
        self.inner
            .transaction_with_config(callback, isolation_level, access_mode)
            .await
    }
}

impl<T: StreamTrait> StreamTrait for AuditedTransaction<T> {
    type Stream<'a>
        = T::Stream<'a>
    where
        Self: 'a;

    fn get_database_backend(&self) -> DbBackend {
        StreamTrait::get_database_backend(&self.inner)
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        self.inner.stream_raw(stmt)
    }
}
