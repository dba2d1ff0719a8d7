//! Background work that keeps the context of the request that asked for it.

use std::sync::Arc;

use chrono::Utc;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DatabaseConnection, DbErr,
    EntityTrait as _, ModelTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
    TransactionTrait as _,
    sea_query::{Expr, LockBehavior, LockType},
};
use threadline::{AuditedTransactionExt as _, JobContext, record_action};
use tokio::sync::Notify;

use crate::{
    entity::{
        job::{self, PublishPosts},
        post,
    },
    error::ApiError,
};

/// Tells the worker that there is something to do.
#[derive(Clone, Debug, Default)]
pub struct JobBell(Arc<Notify>);

impl JobBell {
    /// Wakes the worker; one ring before it listens is enough.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Enqueues the publishing of posts, in the transaction of the request that asks for it.
pub(crate) async fn enqueue_publish(
    txn: &impl ConnectionTrait,
    post_ids: Vec<i32>,
    context: JobContext,
) -> Result<i64, DbErr> {
    let arguments = PublishPosts { post_ids, context };
    let job = job::ActiveModel {
        arguments: Set(arguments),
        ..Default::default()
    };
    Ok(job.insert(txn).await?.id)
}

/// Does the jobs of the table, and waits for the bell when there are none.
pub async fn work(db: DatabaseConnection, bell: JobBell) {
    loop {
        if let Err(error) = run_all(&db).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "jobs have to wait"
            );
        }
        bell.0.notified().await;
    }
}

/// Runs every job that waits, and says how many.
///
/// # Errors
/// When the table of jobs can't be read or written. A job that fails is no error: it keeps its
/// row, with the reason.
pub async fn run_all(db: &DatabaseConnection) -> Result<usize, ApiError> {
    let mut done = 0;
    while run_next(db).await? {
        done += 1;
    }
    Ok(done)
}

/// Claims a job and runs it in the same transaction, so that it is done once or not at all.
async fn run_next(db: &DatabaseConnection) -> Result<bool, ApiError> {
    let claim = db.begin().await?;
    let next = job::Entity::find()
        .filter(job::Column::Failure.is_null())
        .order_by_asc(job::Column::Id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&claim)
        .await?;
    let Some(job) = next else { return Ok(false) };
    // The job acts for itself; the request id and correlation id still lead to who asked for it.
    let carried = job.arguments.context.clone();
    let context = carried.for_job(job.id).map_err(threadline::Error::from)?;
    let published = claim
        .audited_transaction(&context, async |txn| {
            publish(txn, &job.arguments.post_ids).await
        })
        .await;
    match published {
        Ok(_) => {
            job.delete(&claim).await?;
        }
        Err(error) => {
            tracing::warn!(
                job = job.id,
                error = &error as &dyn std::error::Error,
                "job failed"
            );
            let mut job: job::ActiveModel = job.into();
            job.failure = Set(Some(error.to_string()));
            job.update(&claim).await?;
        }
    }
    claim.commit().await?;
    Ok(true)
}

/// Publishes all of the posts or none.
async fn publish(txn: &impl ConnectionTrait, post_ids: &[i32]) -> Result<(), ApiError> {
    let published = post::Entity::update_many()
        .col_expr(post::Column::PublishedAt, Expr::value(Utc::now()))
        .filter(post::Column::Id.is_in(post_ids.iter().copied()))
        .exec(txn)
        .await?;
    if published.rows_affected < post_ids.len() as u64 {
        return Err(ApiError::NotFound("post"));
    }
    record_action("post.published").insert(txn).await?;
    Ok(())
}
