use std::{sync::Arc, time::Duration};

use chrono::Utc;
use futures_util::future::{Either, select};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{
    ExportJob, ExportJobError, JobStatus,
    call::{self, Then},
    run::{Attempt, Ended},
};
use crate::{
    entity::audit_export_job::{self, Column},
    export::{ExportStorage, StorageError},
    telemetry::{self, SqlState},
};

/// How many files past their time are deleted in a round.
const SWEPT: u64 = 100;

/// Makes the export jobs of a database, inside an application.
///
/// Any number of instances may run one: each job is given to one of them. A worker that is killed
/// leaves its job to another, which begins it anew; a job that has lost its last attempt so is closed
/// as `abandoned`. An error or a panic ends an attempt, not the task. The pool needs two connections
/// for it, and its role `GRANT <schema>_writer`.
///
/// ```no_run
/// # async fn example(db: sea_orm::DatabaseConnection) {
/// use std::sync::Arc;
/// use threadline::export::{ExportWorker, LocalStorage};
///
/// let storage = Arc::new(LocalStorage::new("/var/lib/blog/exports"));
/// let worker = ExportWorker::new(storage).spawn(db);
/// // … the application runs …
/// worker.stop().await;
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `spawn`"]
pub struct ExportWorker {
    storage: Arc<dyn ExportStorage>,
    every: Duration,
    stale: Duration,
}

impl ExportWorker {
    /// A worker that keeps the files there.
    pub fn new(storage: Arc<dyn ExportStorage>) -> Self {
        Self {
            storage,
            every: Duration::from_secs(5),
            stale: Duration::from_secs(60),
        }
    }

    /// Sets how often it looks for a job. Default: every 5 seconds.
    pub fn every(mut self, rest: Duration) -> Self {
        self.every = rest;
        self
    }

    /// Sets after how long without a word another worker is taken for gone, in whole seconds, one at
    /// least. The same in every instance. Default: 60 seconds.
    pub fn stale_after(mut self, time: Duration) -> Self {
        self.stale = Duration::from_secs(time.as_secs().max(1));
        self
    }

    /// Starts the task on the Tokio runtime of the caller. It looks for a job at once.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn spawn(self, db: DatabaseConnection) -> ExportWorkerHandle {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.supervise(db, stopped));
        ExportWorkerHandle { stop, task }
    }

    async fn supervise(self, db: DatabaseConnection, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            // In a task of its own, so that a panic ends the round alone. Dropping the set ends it too.
            let mut round = JoinSet::new();
            round.spawn(self.clone().round(db.clone(), stopped.clone()));
            let did_something = match round.join_next().await {
                Some(Ok(Ok(did_something))) => did_something,
                Some(Ok(Err(err))) => {
                    telemetry::export_worker_failed(err.kind(), SqlState::of(&err));
                    false
                }
                Some(Err(_)) => {
                    telemetry::export_worker_panicked();
                    false
                }
                None => false,
            };
            if did_something {
                continue;
            }
            let stop = Box::pin(stopped.wait_for(|stop| *stop));
            if let Either::Right(_) = select(Box::pin(sleep(self.every)), stop).await {
                break;
            }
        }
    }

    /// Deletes what is past its time, and does one job. Says whether there was one.
    async fn round(
        self,
        db: DatabaseConnection,
        stopped: watch::Receiver<bool>,
    ) -> Result<bool, ExportJobError> {
        self.sweep(&db).await?;
        let stale = i32::try_from(self.stale.as_secs()).unwrap_or(i32::MAX);
        let Some(job) = call::claim(stale, &db).await? else {
            return Ok(false);
        };
        let attempt = Attempt {
            job: &job,
            beat: self.stale / 4,
            storage: self.storage.as_ref(),
            stopped,
            db: &db,
        };
        match attempt.run().await {
            Ok(done) => {
                telemetry::export_job_done(done.id, done.rows, done.bytes.unwrap_or_default());
            }
            Err(ended) => self.failed(&job, ended, &db).await?,
        }
        Ok(true)
    }

    async fn failed(
        &self,
        job: &ExportJob,
        ended: Ended,
        db: &DatabaseConnection,
    ) -> Result<(), ExportJobError> {
        let (failure, then) = match &ended {
            // Whoever has it by now writes its end.
            Ended::Lost => return Ok(()),
            Ended::Stopped => ("stopped", Then::Release),
            Ended::Unreadable => ("unreadable_order", Then::Fail),
            Ended::Failed(err) => (err.kind(), Then::Retry),
        };
        if let Ended::Failed(err) = &ended {
            telemetry::export_job_failed(job.id, failure, SqlState::of(err));
        }
        call::fail(job, failure, then, db).await?;
        Ok(())
    }

    /// Deletes the files past their time. A file goes before its job says so.
    async fn sweep(&self, db: &DatabaseConnection) -> Result<(), ExportJobError> {
        let due = audit_export_job::Entity::find()
            .filter(Column::Status.eq(JobStatus::Completed))
            .filter(Column::ExpiresAt.lte(Utc::now()))
            .order_by_asc(Column::ExpiresAt)
            .limit(SWEPT)
            .all(db)
            .await?;
        for job in due {
            let deleted = match &job.file {
                Some(file) => self.storage.delete(file).await,
                None => Ok(()),
            };
            match deleted {
                Ok(()) => {
                    call::expire(job.id, db).await?;
                }
                // The others are not kept from going.
                Err(err @ StorageError::Failed(_)) => {
                    telemetry::export_job_failed(job.id, "file_not_deleted", SqlState::of(&err));
                }
                Err(err) => return Err(err.into()),
            }
        }
        Ok(())
    }
}

/// A running [`ExportWorker`]. Dropping it ends the task at once; its job is another's after a while.
#[derive(Debug)]
#[must_use = "a worker that is dropped is stopped"]
pub struct ExportWorkerHandle {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl ExportWorkerHandle {
    /// Ends the task. The job in hand goes back to the queue, and the attempt does not count.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        // It ends by itself; that it panicked was logged.
        let _ = (&mut self.task).await;
    }

    /// Whether the task is gone, which it is only when the runtime is shutting down.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for ExportWorkerHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
