//! `AuditedDb` as a SeaORM connection: all work is that of [`AuditedConnection`].

use std::{fmt, future::Future, pin::Pin};

use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, IsolationLevel, QueryResult, Statement, TransactionError, TransactionOptions,
    TransactionTrait,
};
use threadline::{AuditedConnection, AuditedTransactionExt as _};

use super::AuditedDb;

impl AuditedDb {
    fn audited(&self) -> AuditedConnection<'_, DatabaseConnection> {
        self.reads().audited_for(self.context())
    }
}

/// Every statement is an audited transaction of its own.
#[async_trait]
impl ConnectionTrait for AuditedDb {
    fn get_database_backend(&self) -> DbBackend {
        self.reads().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.audited().execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.audited().execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.audited().query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.audited().query_all_raw(statement).await
    }

    fn support_returning(&self) -> bool {
        self.reads().support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.reads().is_mock_connection()
    }
}

/// Transactions that SeaORM begins by itself, for example to save nested models, carry the
/// context too.
#[async_trait]
impl TransactionTrait for AuditedDb {
    type Transaction = DatabaseTransaction;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        TransactionTrait::begin(&self.audited()).await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        self.audited()
            .begin_with_config(isolation_level, access_mode)
            .await
    }

    async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<Self::Transaction, DbErr> {
        self.audited().begin_with_options(options).await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c Self::Transaction,
            ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        TransactionTrait::transaction(&self.audited(), callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c Self::Transaction,
            ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        self.audited()
            .transaction_with_config(callback, isolation_level, access_mode)
            .await
    }
}
