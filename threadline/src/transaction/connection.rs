use std::{future::Future, pin::Pin};

use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult,
    Statement, StatementBuilder, TransactionError, TransactionOptions, TransactionTrait,
    prelude::async_trait,
};

use super::{AuditedTransaction, AuditedTransactionExt, context};
use crate::{context::AuditContext, error::Result};

/// A connection on which every statement is an audited transaction of its own.
///
/// For code that takes any SeaORM connection and does not open transactions. Each statement costs
/// three more round trips; use the plain connection for reads.
#[derive(Debug)]
#[must_use]
pub struct AuditedConnection<'a, C> {
    db: &'a C,
    context: AuditContext,
}

impl<'a, C: TransactionTrait + ConnectionTrait> AuditedConnection<'a, C> {
    pub(super) fn new(db: &'a C, context: AuditContext) -> Self {
        Self { db, context }
    }

    async fn enter(&self) -> Result<AuditedTransaction<C::Transaction>, DbErr> {
        Ok(self.db.begin_audited(&self.context).await?)
    }
}

#[async_trait::async_trait]
impl<C: TransactionTrait + ConnectionTrait> ConnectionTrait for AuditedConnection<'_, C> {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let txn = self.enter().await?;
        let result = txn.execute_raw(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn execute<S: StatementBuilder>(&self, stmt: &S) -> Result<ExecResult, DbErr> {
        let txn = self.enter().await?;
        let result = txn.execute(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let txn = self.enter().await?;
        let result = txn.execute_unprepared(sql).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let txn = self.enter().await?;
        let result = txn.query_one_raw(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn query_one<S: StatementBuilder>(&self, stmt: &S) -> Result<Option<QueryResult>, DbErr> {
        let txn = self.enter().await?;
        let result = txn.query_one(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let txn = self.enter().await?;
        let result = txn.query_all_raw(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    async fn query_all<S: StatementBuilder>(&self, stmt: &S) -> Result<Vec<QueryResult>, DbErr> {
        let txn = self.enter().await?;
        let result = txn.query_all(stmt).await?;
        txn.end().await?;
        Ok(result)
    }

    fn support_returning(&self) -> bool {
        self.db.support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.db.is_mock_connection()
    }
}

/// Transactions begun on it carry the context too.
#[async_trait::async_trait]
impl<C: TransactionTrait + ConnectionTrait> TransactionTrait for AuditedConnection<'_, C> {
    type Transaction = C::Transaction;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        self.begin_with_options(TransactionOptions::default()).await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        let context = context::checked(&self.context)?;
        let txn = self
            .db
            .begin_with_config(isolation_level, access_mode)
            .await?;
        context::set(&context, &txn).await?;
        Ok(txn)
    }

    async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<Self::Transaction, DbErr> {
        let context = context::checked(&self.context)?;
        let txn = self.db.begin_with_options(options).await?;
        context::set(&context, &txn).await?;
        Ok(txn)
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
        let txn = self.begin().await.map_err(TransactionError::Connection)?;
        run(txn, callback).await
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
        let txn = self
            .begin_with_config(isolation_level, access_mode)
            .await
            .map_err(TransactionError::Connection)?;
        run(txn, callback).await
    }
}

async fn run<T, F, R, E>(txn: T, callback: F) -> Result<R, TransactionError<E>>
where
    T: sea_orm::TransactionSession + Send,
    F: for<'c> FnOnce(&'c T) -> Pin<Box<dyn Future<Output = Result<R, E>> + Send + 'c>> + Send,
    E: std::fmt::Display + std::fmt::Debug,
{
    match callback(&txn).await {
        Ok(value) => {
            txn.commit().await.map_err(TransactionError::Connection)?;
            Ok(value)
        }
        Err(err) => {
            txn.rollback().await.map_err(TransactionError::Connection)?;
            Err(TransactionError::Transaction(err))
        }
    }
}
