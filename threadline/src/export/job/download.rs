use bytes::Bytes;
use chrono::Utc;
use futures_util::stream::BoxStream;
use sea_orm::ConnectionTrait;

use super::{ExportJob, ExportJobError, JobStatus, export_jobs};
use crate::{
    actor::ActorRef,
    export::{ExportStorage, StorageError},
};

/// The file of an export job.
#[non_exhaustive]
pub struct Download {
    /// The job, with the size and the digest of the file.
    pub job: ExportJob,
    /// A name for the file.
    pub file_name: String,
    /// Its bytes, in pieces.
    pub bytes: BoxStream<'static, Result<Bytes, StorageError>>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("job", &self.job)
            .field("file_name", &self.file_name)
            .finish_non_exhaustive()
    }
}

/// Opens the file of a job for the actor who asked for it, and nobody else.
///
/// # Errors
/// [`ExportJobError::NotFound`] for a job that is not there and for another actor's alike;
/// [`ExportJobError::NotReady`], [`ExportJobError::Failed`] and [`ExportJobError::Expired`] by what
/// became of it; otherwise when the database or the storage fails.
pub async fn download<C: ConnectionTrait>(
    actor: ActorRef,
    id: i64,
    storage: &dyn ExportStorage,
    db: &C,
) -> Result<Download, ExportJobError> {
    let job = export_jobs(actor).find(id, db).await?;
    let job = job.ok_or(ExportJobError::NotFound)?;
    match job.status {
        JobStatus::Queued | JobStatus::Running => return Err(ExportJobError::NotReady),
        JobStatus::Failed => {
            let failure = job.failure.unwrap_or_else(|| "unknown".to_owned());
            return Err(ExportJobError::Failed { failure });
        }
        JobStatus::Expired => return Err(ExportJobError::Expired),
        JobStatus::Completed => {}
    }
    // Past its time it is gone for the reader, whether or not a worker has deleted it yet.
    if job.expires_at.is_none_or(|at| at <= Utc::now()) {
        return Err(ExportJobError::Expired);
    }
    let file = job.file.as_deref().ok_or(ExportJobError::NotReady)?;
    let bytes = storage.open(file).await?;
    Ok(Download {
        file_name: format!("threadline-export-{}.{}", job.id, job.format),
        job,
        bytes,
    })
}
