use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Alias, Expr, ExprTrait, Query},
};

use super::JobStatus;
use crate::{entity::audit_export_job::Column, error::Result, schema};

/// How many of the newest jobs are looked at.
const NEWEST: u64 = 1_000;

/// Counts the export jobs, of whatever actor, that failed at an instant or later, among the newest
/// 1,000.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// let yesterday = chrono::Utc::now() - chrono::TimeDelta::days(1);
/// println!("{} failed", threadline::export::failed_exports(yesterday, db).await?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database fails.
pub async fn failed_exports<C: ConnectionTrait>(since: DateTime<Utc>, db: &C) -> Result<u64> {
    let jobs = Alias::new("audit_export_jobs");
    let newest = Query::select()
        .columns([Column::Status, Column::FinishedAt])
        .from((Alias::new(schema::current().as_str()), jobs))
        .order_by(Column::Id, Order::Desc)
        .limit(NEWEST)
        .to_owned();
    let failed = Query::select()
        .expr_as(Expr::cust("count(*)"), "n")
        .from_subquery(newest, "newest")
        .and_where(Expr::col(Column::Status).eq(JobStatus::Failed.as_str()))
        .and_where(Expr::col(Column::FinishedAt).gte(since))
        .to_owned();
    let row = db.query_one(&failed).await?;
    let n: Option<i64> = row.map(|row| row.try_get("", "n")).transpose()?;
    Ok(n.unwrap_or_default().unsigned_abs())
}
