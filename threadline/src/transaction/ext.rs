use std::future::Future;

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::{AuditedConnection, AuditedTransaction, context};
use crate::{
    context::AuditContext,
    error::{Error, Result},
    telemetry::{self, SqlState},
};

/// What a committed audited transaction leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// The handle of the transaction; `None` when it changed nothing audited.
    pub audit_transaction_id: Option<i64>,
}

/// Audited transactions on everything that can begin one: connections, transactions, restricted
/// connections.
///
/// ```no_run
/// # use sea_orm::{ConnectionTrait, DatabaseConnection};
/// use threadline::{ActorRef, AuditContext, AuditedTransactionExt, record_action};
///
/// # async fn example(db: &DatabaseConnection) -> threadline::Result<()> {
/// let context = AuditContext::for_actor(ActorRef::user(42)?).correlation_id("demo");
/// let audited = db
///     .audited_transaction(&context, async |txn| {
///         let done = txn.execute_unprepared("UPDATE posts SET title = 'Hello' WHERE id = 1").await?;
///         record_action("post.renamed").insert(txn).await?;
///         Ok::<_, threadline::Error>(done.rows_affected())
///     })
///     .await?;
/// println!("{} rows in {:?}", audited.value, audited.audit_transaction_id);
/// # Ok(()) }
/// ```
///
/// On a transaction it opens a savepoint, and the context has to agree with the one that the
/// transaction has: it may add to it, not contradict it.
pub trait AuditedTransactionExt: TransactionTrait {
    /// Runs the closure in an audited transaction; commits on `Ok`, rolls back on `Err`.
    ///
    /// # Errors
    /// The closure's own error comes through untouched. Errors of the transaction itself are
    /// converted from [`Error`]: [`Error::MissingActor`] and [`Error::InvalidContext`] before
    /// anything is sent, [`Error::ContextConflict`] on a transaction with another context.
    fn audited_transaction<F, T, E>(
        &self,
        context: &AuditContext,
        run: F,
    ) -> impl Future<Output = Result<Committed<T>, E>>
    where
        F: for<'t> AsyncFnOnce(&'t AuditedTransaction<Self::Transaction>) -> Result<T, E>,
        E: From<Error>,
    {
        async move {
            let txn = self.begin_audited(context).await?;
            match run(&txn).await {
                Ok(value) => {
                    let audit_transaction_id = txn.commit().await?;
                    Ok(Committed {
                        value,
                        audit_transaction_id,
                    })
                }
                Err(err) => {
                    if let Err(rollback) = txn.rollback().await {
                        telemetry::rollback_failed(rollback.kind(), SqlState::of(&rollback));
                    }
                    Err(err)
                }
            }
        }
    }

    /// Begins an audited transaction, to be ended with [`AuditedTransaction::commit`].
    ///
    /// # Errors
    /// As for [`audited_transaction`](Self::audited_transaction).
    fn begin_audited(
        &self,
        context: &AuditContext,
    ) -> impl Future<Output = Result<AuditedTransaction<Self::Transaction>>> + Send {
        let checked = context::checked(context);
        async move {
            let context = checked?;
            let txn = self.begin().await?;
            context::set(&context, &txn).await?;
            Ok(AuditedTransaction::new(txn))
        }
    }

    /// A connection on which every statement is an audited transaction of its own.
    fn audited_for(&self, context: &AuditContext) -> AuditedConnection<'_, Self>
    where
        Self: ConnectionTrait + Sized,
    {
        AuditedConnection::new(self, context.clone())
    }
}

impl<C: TransactionTrait> AuditedTransactionExt for C {}
