//! One run at a time, and the calls that it is made of.

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QuerySelect, Statement,
    TransactionSession, TransactionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, FunctionCall},
};
use serde_json::Value;
use tokio::sync::watch;

use super::{RetentionError, RetentionRun, RunKind, RunStatus};
use crate::{
    actor::ActorRef,
    entity::audit_retention_run,
    error::Result,
    schema,
    telemetry::{self, SqlState},
    transaction::function,
};

/// Holds the lock that only one run in a database has. It belongs to an open transaction, so it is
/// gone when the process is, and it works behind a pooler.
pub(super) struct RunLock<T>(T);

impl<T: ConnectionTrait + TransactionSession> RunLock<T> {
    pub(super) async fn take<C>(db: &C) -> Result<Self, RetentionError>
    where
        C: TransactionTrait<Transaction = T>,
    {
        let txn = db.begin().await?;
        // It does nothing for as long as the run takes.
        txn.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0")
            .await?;
        let sql = "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtext('threadline.retention'), pg_catalog.hashtext($1)) AS taken";
        let name = schema::current().as_str().into();
        let statement = Statement::from_sql_and_values(txn.get_database_backend(), sql, [name]);
        let row = txn.query_one_raw(statement).await?;
        let taken = row.map(|row| row.try_get("", "taken")).transpose()?;
        if taken == Some(true) {
            Ok(Self(txn))
        } else {
            Err(RetentionError::Busy)
        }
    }

    pub(super) async fn release(self) {
        if let Err(err) = self.0.rollback().await {
            telemetry::retention_lock_lost(
                telemetry::database_error_kind(&err),
                SqlState::of(&err),
            );
        }
    }
}

/// A jsonb argument.
pub(super) fn jsonb(value: &impl ToString) -> Expr {
    Expr::val(value.to_string()).cast_as("jsonb")
}

pub(super) async fn begin<C: ConnectionTrait>(
    kind: RunKind,
    policy: &Value,
    actor: Option<&ActorRef>,
    db: &C,
) -> Result<i64, RetentionError> {
    let kind = match kind {
        RunKind::Purge => "purge",
        RunKind::Partitions => "partitions",
    };
    let actor = match actor {
        Some(actor) => jsonb(&serde_json::to_value(actor).expect("an actor has string keys only")),
        None => Expr::cust("NULL::jsonb"),
    };
    let call = Func::cust(function("begin_retention"))
        .arg(kind)
        .arg(jsonb(policy))
        .arg(actor);
    Ok(scalar(call, db).await?)
}

/// The value of a function that gives one.
pub(super) async fn scalar<T: sea_orm::TryGetable, C: ConnectionTrait>(
    call: FunctionCall,
    db: &C,
) -> Result<T, DbErr> {
    let query = sea_orm::sea_query::Query::select()
        .expr_as(Expr::expr(call), "value")
        .to_owned();
    let row = db.query_one(&query).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a function gave no row".to_owned()))?;
    row.try_get("", "value")
}

/// The record that a function gives.
async fn record<C: ConnectionTrait>(
    call: FunctionCall,
    db: &C,
) -> Result<RetentionRun, RetentionError> {
    let mut select = audit_retention_run::Entity::find();
    QuerySelect::query(&mut select)
        .from_clear()
        .from_function(call, Alias::new("audit_retention_runs"));
    let row = db.query_one(QuerySelect::query(&mut select)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a retention run".to_owned()))?;
    Ok(RetentionRun::from_query_result(&row, "")?)
}

/// Says when an application wants a run to stop.
pub(super) type Stop = Option<watch::Receiver<bool>>;

/// Does batch after batch until the run is at its end.
pub(super) async fn finish<C: ConnectionTrait>(
    run: i64,
    batch_size: u32,
    pause: std::time::Duration,
    stop: &Stop,
    db: &C,
) -> Result<RetentionRun, RetentionError> {
    loop {
        if stop.as_ref().is_some_and(|stop| *stop.borrow()) {
            return Err(RetentionError::Stopped);
        }
        let call = Func::cust(function("purge_batch"))
            .arg(run)
            .arg(Expr::val(i64::from(batch_size)).cast_as("integer"));
        let record = record(call, db).await?;
        if record.status != RunStatus::Running {
            return Ok(record);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Enters into the record why a run could not go on. The error itself matters more than one here.
pub(super) async fn fail<C: ConnectionTrait>(run: i64, error: &RetentionError, db: &C) {
    if matches!(error, RetentionError::RunOver { .. }) {
        return;
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(err) = cause {
        text = format!("{text}: {err}");
        cause = err.source();
    }
    let call = Func::cust(function("fail_retention")).arg(run).arg(text);
    if let Err(err) = record(call, db).await {
        telemetry::retention_end_not_recorded(run, err.kind(), SqlState::of(&err));
    }
}
