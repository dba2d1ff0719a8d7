//! The reads of one page: one snapshot, one time limit, one scope.

use std::time::Duration;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction,
    EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, TransactionTrait as _,
};
use threadline::{
    AuditChange, MAX_PAGE_SIZE, Timeline,
    entity::{audit_action, audit_transaction},
    timeline,
};

use super::{
    failure::Failure,
    scope::Scope,
    trail::{Group, groups},
};

/// The reads of one page. They see one state of the database, change nothing, and none of them takes longer than the
/// surface allows. Every question about the trail begins here, so that none misses the operator's scope.
#[derive(Debug)]
pub(crate) struct Reads {
    transaction: DatabaseTransaction,
    scope: Option<Scope>,
}

impl Reads {
    pub(super) async fn begin(
        db: &DatabaseConnection,
        timeout: Duration,
        scope: Option<Scope>,
    ) -> Result<Self, Failure> {
        let transaction = db.begin().await?;
        let limit = timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        transaction
            .execute_unprepared(&format!(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = {limit}"
            ))
            .await?;
        Ok(Self { transaction, scope })
    }

    /// The connection to hand to what is begun here.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// A query over the changes that the operator may see.
    pub(crate) fn timeline(&self) -> Timeline {
        match &self.scope {
            None => timeline(),
            Some(scope) => scope.narrow(timeline()),
        }
    }

    /// Changes that the operator may see, with the heads of their transactions and actions.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn groups(&self, changes: Vec<AuditChange>) -> Result<Vec<Group>, Failure> {
        let mut ids: Vec<i64> = changes.iter().map(|change| change.transaction_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let of_changes = audit_transaction::Column::Id.is_in(ids.iter().copied());
        let transactions = audit_transaction::Entity::find().filter(of_changes);
        let of_changes = audit_action::Column::TransactionId.is_in(ids);
        let actions = audit_action::Entity::find()
            .filter(of_changes)
            .order_by_asc(audit_action::Column::TransactionId)
            .order_by_asc(audit_action::Column::Id)
            .limit(MAX_PAGE_SIZE);
        let transactions = transactions.all(&self.transaction).await?;
        let actions = actions.all(&self.transaction).await?;
        Ok(groups(changes, &transactions, actions))
    }

    /// Gives the connection back.
    pub(super) async fn end(self) -> Result<(), Failure> {
        Ok(self.transaction.rollback().await?)
    }
}
