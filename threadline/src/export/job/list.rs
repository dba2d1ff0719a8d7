use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
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
    ExportJobs { actor }
}

/// A query over the export jobs of an actor; see [`export_jobs`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch` or `find`"]
pub struct ExportJobs {
    actor: ActorRef,
}

impl ExportJobs {
    fn select(&self) -> Select<audit_export_job::Entity> {
        audit_export_job::Entity::find()
            .filter(Column::ActorType.eq(self.actor.kind().as_str()))
            // An actor without an id has no jobs.
            .filter(Column::ActorId.eq(self.actor.id().unwrap_or_default()))
    }

    /// The newest [`MAX_EXPORT_JOBS`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<ExportJob>> {
        let newest = self.select().order_by_desc(Column::Id);
        Ok(newest.limit(MAX_EXPORT_JOBS).all(db).await?)
    }

    /// One of them; `None` when there is no such job, or it is another actor's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find<C: ConnectionTrait>(&self, id: i64, db: &C) -> Result<Option<ExportJob>> {
        Ok(self.select().filter(Column::Id.eq(id)).one(db).await?)
    }
}
