//! One attempt at one job.

use std::{
    future::{Future, pending},
    pin::pin,
    time::Duration,
};

use futures_util::future::{Either, select};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{ExportJob, ExportJobError, call};
use crate::{
    error::Error,
    export::{ExportEnd, ExportStorage, StorageError, Upload, export},
    query::{Timeline, TimelineFilters},
};

/// How an attempt ended that made no file.
#[derive(Debug)]
pub(super) enum Ended {
    /// It met an error.
    Failed(ExportJobError),
    /// What is stored in the job is no export that this version can make.
    Unreadable,
    /// Another worker has the job by now.
    Lost,
    /// The application wants to stop.
    Stopped,
}

impl From<ExportJobError> for Ended {
    fn from(err: ExportJobError) -> Self {
        Self::Failed(err)
    }
}

impl From<Error> for Ended {
    fn from(err: Error) -> Self {
        Self::Failed(err.into())
    }
}

impl From<DbErr> for Ended {
    fn from(err: DbErr) -> Self {
        Self::Failed(err.into())
    }
}

impl From<StorageError> for Ended {
    fn from(err: StorageError) -> Self {
        Self::Failed(err.into())
    }
}

/// What an attempt works with.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) job: &'a ExportJob,
    pub(super) beat: Duration,
    pub(super) storage: &'a dyn ExportStorage,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) db: &'a DatabaseConnection,
}

/// The name of the file of an attempt. No two attempts have the same.
pub(super) fn key(job: i64, claim: i64, format: &str) -> String {
    format!("export-{job}-{claim}.{format}")
}

impl Attempt<'_> {
    /// Makes the file and closes the job.
    pub(super) async fn run(&self) -> Result<ExportJob, Ended> {
        let job = self.job;
        let filters: TimelineFilters =
            serde_json::from_str(job.filters.as_str()).map_err(|_| Ended::Unreadable)?;
        let timeline = Timeline::try_from(filters).map_err(|_| Ended::Unreadable)?;
        let format = job.format.parse().map_err(|_| Ended::Unreadable)?;
        // What a worker left that was cut off.
        for claim in 1..job.claim {
            self.storage
                .delete(&key(job.id, claim, &job.format))
                .await?;
        }
        let file = key(job.id, job.claim, &job.format);
        let mut exporter = export(timeline)
            .format(format)
            .limit(job.row_limit.unsigned_abs())
            .begin(self.db)
            .await?;
        let mut upload = self.storage.create(&file).await?;
        let (mut rows, mut heard) = (0, Instant::now());
        let end: ExportEnd = loop {
            let step = async {
                match exporter.next_chunk().await? {
                    Some(chunk) => upload.write(chunk).await?,
                    None => return Err(ended_early()),
                }
                Ok(())
            };
            let step = self.beating(rows, &mut heard, step).await;
            if let Err(ended) = step {
                upload.abort().await;
                return Err(ended);
            }
            rows = exporter.rows();
            if let Some(end) = exporter.end() {
                break end.clone();
            }
        };
        let finished = self.beating(rows, &mut heard, finish(upload)).await;
        let done = match finished {
            Ok(()) => {
                let (bytes, sha256) = (exporter.bytes(), exporter.sha256());
                call::complete(job, &file, &end, bytes, sha256, self.db)
                    .await
                    .map_err(Ended::from)
            }
            Err(ended) => Err(ended),
        };
        match done {
            Ok(Some(job)) => Ok(job),
            other => {
                // A file without a job that knows of it would stay for ever.
                self.storage.delete(&file).await?;
                Err(other.err().unwrap_or(Ended::Lost))
            }
        }
    }

    /// Waits for a piece of the work, and says meanwhile that somebody is at it.
    async fn beating<F>(&self, rows: u64, heard: &mut Instant, work: F) -> Result<(), Ended>
    where
        F: Future<Output = Result<(), ExportJobError>>,
    {
        let mut stopped = self.stopped.clone();
        let mut work = pin!(work);
        let mut stop = pin!(async move {
            let dropped = stopped.wait_for(|stop| *stop).await.is_err();
            // A handle that is dropped aborts the task: there is nothing to be given back in the meantime.
            if dropped {
                pending::<()>().await;
            }
        });
        loop {
            let beat = pin!(sleep_until(*heard + self.beat));
            match select(work.as_mut(), select(stop.as_mut(), beat)).await {
                Either::Left((done, _)) => {
                    done?;
                    return Ok(());
                }
                Either::Right((Either::Left(_), _)) => return Err(Ended::Stopped),
                Either::Right((Either::Right(_), _)) => {
                    if !call::beat(self.job, rows, self.db).await? {
                        return Err(Ended::Lost);
                    }
                    *heard = Instant::now();
                }
            }
        }
    }
}

async fn finish(upload: Box<dyn Upload>) -> Result<(), ExportJobError> {
    Ok(upload.finish().await?)
}

fn ended_early() -> ExportJobError {
    Error::Database(DbErr::RecordNotFound("the end of an export".to_owned())).into()
}
