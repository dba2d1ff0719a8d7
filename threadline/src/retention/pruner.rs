use std::time::Duration;

use futures_util::future::{Either, select};
use sea_orm::DatabaseConnection;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{RetentionError, RetentionPolicy, partitions, purge};
use crate::telemetry::{self, SqlState};

/// How long a failed round waits at most before the next.
const RETRY: Duration = Duration::from_secs(300);

/// Retention inside an application: a task that takes care of the partitions and purges, again and
/// again.
///
/// However many instances run it, one works at a time and the others skip their round. An error or
/// a panic ends a round, not the task; it is logged and the next round comes sooner. The pool needs
/// two connections for it, and its role `GRANT <schema>_retention`.
///
/// ```no_run
/// # async fn example(db: sea_orm::DatabaseConnection) -> Result<(), threadline::retention::RetentionError> {
/// use std::time::Duration;
/// use threadline::retention::{Pruner, RetentionPolicy};
///
/// let pruner = Pruner::new(RetentionPolicy::keep_days(400)?)
///     .every(Duration::from_secs(6 * 60 * 60))
///     .spawn(db);
/// // … the application runs …
/// pruner.stop().await;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `spawn`"]
pub struct Pruner {
    policy: RetentionPolicy,
    every: Duration,
    months_ahead: u32,
    batch_size: u32,
    pause: Duration,
}

impl Pruner {
    /// A pruner that follows the policy.
    pub fn new(policy: RetentionPolicy) -> Self {
        Self {
            policy,
            every: Duration::from_secs(24 * 60 * 60),
            months_ahead: 12,
            batch_size: super::DEFAULT_BATCH_SIZE,
            pause: Duration::from_millis(50),
        }
    }

    /// Sets how long it rests between two rounds. Default: a day.
    pub fn every(mut self, rest: Duration) -> Self {
        self.every = rest;
        self
    }

    /// Sets how many months have their partitions ahead. Default: 12.
    pub fn months_ahead(mut self, months: u32) -> Self {
        self.months_ahead = months;
        self
    }

    /// Sets how many rows a batch looks at. Default:
    /// [`DEFAULT_BATCH_SIZE`](super::DEFAULT_BATCH_SIZE).
    pub fn batch_size(mut self, rows: u32) -> Self {
        self.batch_size = rows;
        self
    }

    /// Sets how long to wait between two batches. Default: 50 milliseconds.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Starts the task on the Tokio runtime of the caller. The first round begins at once.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn spawn(self, db: DatabaseConnection) -> PrunerHandle {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.supervise(db, stopped));
        PrunerHandle { stop, task }
    }

    async fn supervise(self, db: DatabaseConnection, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            // In a task of its own, so that a panic ends the round alone. Dropping the set ends it too.
            let mut round = JoinSet::new();
            round.spawn(self.clone().round(db.clone(), stopped.clone()));
            let rest = match round.join_next().await {
                Some(Ok(Ok(()))) => self.every,
                Some(Ok(Err(RetentionError::Stopped))) => break,
                Some(Ok(Err(RetentionError::Busy))) => {
                    telemetry::retention_busy();
                    self.every
                }
                Some(Ok(Err(err))) => {
                    telemetry::retention_failed(err.kind(), SqlState::of(&err));
                    self.every.min(RETRY)
                }
                Some(Err(_)) => {
                    telemetry::retention_panicked();
                    self.every.min(RETRY)
                }
                None => self.every,
            };
            let stop = Box::pin(stopped.wait_for(|stop| *stop));
            if let Either::Right(_) = select(Box::pin(sleep(rest)), stop).await {
                break;
            }
        }
    }

    async fn round(
        self,
        db: DatabaseConnection,
        stopped: watch::Receiver<bool>,
    ) -> Result<(), RetentionError> {
        let months = partitions(&self.policy)
            .months_ahead(self.months_ahead)
            .stop(Some(stopped.clone()))
            .run(&db)
            .await;
        // A month that can't be made or dropped is no reason to keep what a purge may take.
        if let Err(err @ (RetentionError::Busy | RetentionError::Stopped)) = months {
            return Err(err);
        }
        let run = purge(&self.policy)
            .batch_size(self.batch_size)
            .pause(self.pause)
            .stop(Some(stopped))
            .run(&db)
            .await;
        if let Ok(run) = &run {
            let dropped = match &months {
                Ok(done) => done.dropped.len(),
                Err(RetentionError::DefaultPartition { done, .. }) => done.dropped.len(),
                Err(_) => 0,
            };
            telemetry::retention_done(run.id, run.deleted_changes, dropped);
        }
        months?;
        run?;
        Ok(())
    }
}

/// A running [`Pruner`]. Dropping it ends the task at once, which leaves whole batches.
#[derive(Debug)]
#[must_use = "a pruner that is dropped is stopped"]
pub struct PrunerHandle {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl PrunerHandle {
    /// Ends the task after the batch in hand and enters that into the record of the run.
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

impl Drop for PrunerHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
