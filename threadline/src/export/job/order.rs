use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{ExportJob, ExportJobError, call};
use crate::{
    actor::ActorRef,
    export::ExportFormat,
    query::{Timeline, TimelineFilters},
    transaction::function,
};

/// How long the file of a job is kept unless it is told otherwise: a week.
pub const DEFAULT_KEEP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Prepares an order: what the timeline finds, as a file for this actor, made by an
/// [`ExportWorker`](super::ExportWorker).
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{ActorRef, export::{ExportFormat, order_export}, timeline};
///
/// let job = order_export(ActorRef::admin("carol")?, timeline().table("posts"))
///     .format(ExportFormat::Ndjson)
///     .enqueue(db)
///     .await?;
/// println!("export job {}", job.id);
/// # Ok(()) }
/// ```
pub fn order_export(actor: ActorRef, timeline: Timeline) -> ExportOrder {
    ExportOrder {
        actor,
        timeline,
        format: ExportFormat::default(),
        limit: 1_000_000,
        keep: DEFAULT_KEEP,
        max_attempts: 3,
    }
}

/// An order for an export; see [`order_export`].
#[derive(Clone, Debug)]
#[must_use = "nothing is ordered before `enqueue`"]
pub struct ExportOrder {
    actor: ActorRef,
    timeline: Timeline,
    format: ExportFormat,
    limit: u64,
    keep: Duration,
    max_attempts: u32,
}

impl ExportOrder {
    /// Sets how the file is written. Default: [`ExportFormat::Csv`].
    pub fn format(mut self, format: ExportFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets how many changes the file holds at most. Default: a million.
    pub fn limit(mut self, changes: u64) -> Self {
        self.limit = changes.clamp(1, i64::MAX.unsigned_abs());
        self
    }

    /// Sets how long the file is kept, from a second to 366 days. Default: [`DEFAULT_KEEP`].
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time.clamp(
            Duration::from_secs(1),
            Duration::from_secs(366 * 24 * 60 * 60),
        );
        self
    }

    /// Sets how often a worker may begin, from 1 to 10. Default: 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.clamp(1, 10);
        self
    }

    /// Enters the order into the queue. Needs the role `<schema>_writer`.
    ///
    /// An entity without schema name means the table that the `search_path` finds now.
    ///
    /// # Errors
    /// [`ExportJobError::Scoped`] for a timeline in a scope; when the actor has no id or too many jobs,
    /// a filter can't be used, or the database fails.
    pub async fn enqueue<C: ConnectionTrait>(&self, db: &C) -> Result<ExportJob, ExportJobError> {
        if self.actor.id().is_none() {
            return Err(ExportJobError::Anonymous);
        }
        if self.timeline.scope().is_some() {
            return Err(ExportJobError::Scoped);
        }
        if self.timeline.token().is_some() {
            return Err(ExportJobError::PageToken);
        }
        let timeline = self.timeline.clone().in_found_schema(db).await?;
        let filters = timeline.filters();
        let _ = Timeline::try_from(filters.clone())?;
        let call = Func::cust(function("enqueue_export"))
            .arg(jsonb(&self.actor)?)
            .arg(self.format.as_str())
            .arg(jsonb::<TimelineFilters>(&filters)?)
            .arg(i64::try_from(self.limit).unwrap_or(i64::MAX))
            .arg(integer(self.keep.as_secs()))
            .arg(integer(self.max_attempts.into()));
        let job = call::job(call, db).await?;
        Ok(job.ok_or(DbErr::RecordNotInserted)?)
    }
}

fn jsonb<T: serde::Serialize>(value: &T) -> Result<Expr, DbErr> {
    let text = serde_json::to_string(value).map_err(|err| DbErr::Json(err.to_string()))?;
    Ok(Expr::val(text).cast_as("jsonb"))
}

fn integer(number: u64) -> Expr {
    Expr::val(i32::try_from(number).unwrap_or(i32::MAX)).cast_as("integer")
}
