//! The functions of the audit schema that write a job.

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func, FunctionCall, Query},
};

use super::ExportJob;
use crate::{entity::audit_export_job, export::ExportEnd, transaction::function};

/// What comes after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Another attempt, if there is one left.
    Retry,
    /// Nothing: it would fail again.
    Fail,
    /// Another attempt, and this one does not count.
    Release,
}

/// Takes the oldest job that nobody works at.
pub(super) async fn claim<C: ConnectionTrait>(
    stale_seconds: i32,
    db: &C,
) -> Result<Option<ExportJob>, DbErr> {
    let call = Func::cust(function("claim_export"));
    job(call.arg(Expr::val(stale_seconds).cast_as("integer")), db).await
}

/// Says how far it is; false when the job is another's by now.
pub(super) async fn beat<C: ConnectionTrait>(
    taken: &ExportJob,
    rows: u64,
    db: &C,
) -> Result<bool, DbErr> {
    let call = Func::cust(function("heartbeat_export"))
        .arg(taken.id)
        .arg(taken.claim)
        .arg(signed(rows));
    flag(call, db).await
}

/// Closes it with its file; `None` when it is another's by now.
pub(super) async fn complete<C: ConnectionTrait>(
    taken: &ExportJob,
    file: &str,
    end: &ExportEnd,
    bytes: u64,
    sha256: String,
    db: &C,
) -> Result<Option<ExportJob>, DbErr> {
    let call = Func::cust(function("complete_export"))
        .arg(taken.id)
        .arg(taken.claim)
        .arg(file)
        .arg(signed(end.rows))
        .arg(signed(bytes))
        .arg(end.complete)
        .arg(sha256);
    job(call, db).await
}

/// Closes it, or puts it back.
pub(super) async fn fail<C: ConnectionTrait>(
    taken: &ExportJob,
    failure: &'static str,
    then: Then,
    db: &C,
) -> Result<Option<ExportJob>, DbErr> {
    let then = match then {
        Then::Retry => "retry",
        Then::Fail => "fail",
        Then::Release => "release",
    };
    let call = Func::cust(function("fail_export"))
        .arg(taken.id)
        .arg(taken.claim)
        .arg(failure)
        .arg(then);
    job(call, db).await
}

/// Notes that its file is deleted.
pub(super) async fn expire<C: ConnectionTrait>(id: i64, db: &C) -> Result<bool, DbErr> {
    flag(Func::cust(function("expire_export")).arg(id), db).await
}

/// The job that a function gives.
pub(super) async fn job<C: ConnectionTrait>(
    call: FunctionCall,
    db: &C,
) -> Result<Option<ExportJob>, DbErr> {
    let mut select = audit_export_job::Entity::find();
    QuerySelect::query(&mut select)
        .from_clear()
        .from_function(call, Alias::new("audit_export_jobs"));
    let row = db.query_one(QuerySelect::query(&mut select)).await?;
    row.map(|row| ExportJob::from_query_result(&row, ""))
        .transpose()
}

async fn flag<C: ConnectionTrait>(call: FunctionCall, db: &C) -> Result<bool, DbErr> {
    let query = Query::select()
        .expr_as(Expr::expr(call), "value")
        .to_owned();
    let row = db.query_one(&query).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a function gave no row".to_owned()))?;
    row.try_get("", "value")
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
