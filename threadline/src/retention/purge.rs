use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::{
    RetentionError, RetentionPolicy, RetentionRun, RunKind,
    preview::{self, PurgePreview},
    resolve::resolved,
    run::{self, RunLock, Stop},
};
use crate::actor::ActorRef;

/// How many rows a batch looks at unless it is told otherwise.
pub const DEFAULT_BATCH_SIZE: u32 = 5_000;
/// The largest batch.
pub const MAX_BATCH_SIZE: u32 = 100_000;

/// Prepares a purge: every change that the policy lets go, one by one, oldest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), threadline::retention::RetentionError> {
/// use threadline::retention::{RetentionPolicy, purge};
///
/// let policy = RetentionPolicy::keep_days(400)?;
/// let preview = purge(&policy).preview(db).await?;
/// println!("{} changes would go", preview.may_go());
/// let run = purge(&policy).run(db).await?;
/// println!("{} changes are gone", run.deleted_changes);
/// # Ok(()) }
/// ```
pub fn purge(policy: &RetentionPolicy) -> Purge {
    Purge {
        policy: policy.clone(),
        batch_size: DEFAULT_BATCH_SIZE,
        pause: Duration::from_millis(20),
        actor: None,
        stop: None,
    }
}

/// A purge to be looked at or done; see [`purge`].
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted before `run`"]
pub struct Purge {
    policy: RetentionPolicy,
    batch_size: u32,
    pause: Duration,
    actor: Option<ActorRef>,
    stop: Stop,
}

impl Purge {
    /// Sets how many rows a batch looks at, from 1 to [`MAX_BATCH_SIZE`]; another number is moved
    /// into that range. Default: [`DEFAULT_BATCH_SIZE`].
    pub fn batch_size(mut self, rows: u32) -> Self {
        self.batch_size = rows.clamp(1, MAX_BATCH_SIZE);
        self
    }

    /// Sets how long to wait between two batches. Default: 20 milliseconds.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Says who asked for it. Default: nobody; the record has the database role in any case.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.actor = Some(actor);
        self
    }

    pub(super) fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Counts what would go and what would stay. Deletes nothing; reading is enough for it.
    ///
    /// # Errors
    /// [`RetentionError::HoldsNothing`] for a hold of no record; otherwise when the database fails or
    /// refuses the policy.
    pub async fn preview<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<PurgePreview, RetentionError> {
        preview::count(&self.policy, self.batch_size, db).await
    }

    /// Deletes, batch by batch, and gives the record of the run.
    ///
    /// Every batch is a short transaction of its own. Dropping the future or killing the process
    /// leaves whole batches, and the next run goes on. Needs two connections: one holds the lock of
    /// the run.
    ///
    /// # Errors
    /// [`RetentionError::Busy`] while another run goes on; [`RetentionError::HoldsNothing`] for a hold
    /// of no record; otherwise when the database fails, which the record then says as well.
    pub async fn run<C>(&self, db: &C) -> Result<RetentionRun, RetentionError>
    where
        C: ConnectionTrait + TransactionTrait,
    {
        let policy = resolved(&self.policy, db).await?;
        let lock = RunLock::take(db).await?;
        let run = run::begin(RunKind::Purge, &policy, self.actor.as_ref(), db).await?;
        let done = run::finish(run, self.batch_size, self.pause, &self.stop, db).await;
        if let Err(err) = &done {
            run::fail(run, err, db).await;
        }
        lock.release().await;
        done
    }
}
