use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};

use super::ExportJob;
use crate::{
    actor::ActorRef,
    entity::audit_export_job::{self, Column},
    error::Result,
};

/// The most jobs that are listed at once.
pub const MAX_EXPORT_JOBS: u64 = 100;

/// Starts a query over the export jobs of an actor, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::{ActorRef, export::export_jobs};
///
/// for job in export_jobs(ActorRef::admin("carol")?).fetch(db).await? {
///     println!("{}: {}", job.id, job.status.as_str());
/// }
/// # Ok(()) }
/// ```
pub fn export_jobs(actor: ActorRef) -> ExportJobs {
    ExportJobs {
        actor: Some(actor),
        ..all_export_jobs()
    }
}

/// Starts a query over the export jobs of every actor, newest first, for those who look after them.
///
/// It is for the host to say who may see it. The files stay those of their actors: see
/// [`download`](super::download()).
pub fn all_export_jobs() -> ExportJobs {
    ExportJobs {
        actor: None,
        below: None,
        limit: MAX_EXPORT_JOBS,
    }
}

/// A query over export jobs; see [`export_jobs`] and [`all_export_jobs`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch` or `find`"]
pub struct ExportJobs {
    actor: Option<ActorRef>,
    below: Option<i64>,
    limit: u64,
}

impl ExportJobs {
    /// Only jobs that were ordered before this one. Default: from the newest on.
    pub fn below(mut self, id: i64) -> Self {
        self.below = Some(id);
        self
    }

    /// Sets how many are listed, 1 to [`MAX_EXPORT_JOBS`]. Default: as many as that.
    pub fn limit(mut self, jobs: u64) -> Self {
        self.limit = jobs.clamp(1, MAX_EXPORT_JOBS);
        self
    }

    fn select(&self) -> Select<audit_export_job::Entity> {
        audit_export_job::Entity::find().apply_if(self.actor.as_ref(), |query, actor| {
            query
                .filter(Column::ActorType.eq(actor.kind().as_str()))
                // An actor without an id has no jobs.
                .filter(Column::ActorId.eq(actor.id().unwrap_or_default()))
        })
    }

    /// The newest of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<ExportJob>> {
        let newest = self
            .select()
            .apply_if(self.below, |query, id| query.filter(Column::Id.lt(id)))
            .order_by_desc(Column::Id);
        Ok(newest.limit(self.limit).all(db).await?)
    }

    /// One of them; `None` when there is no such job, or it is another actor's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find<C: ConnectionTrait>(&self, id: i64, db: &C) -> Result<Option<ExportJob>> {
        Ok(self.select().filter(Column::Id.eq(id)).one(db).await?)
    }
}
