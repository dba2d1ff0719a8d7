//! Everything about one transaction: [`incident`].

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    StreamTrait,
    sea_query::{Expr, ExprTrait},
};
use serde::Serialize;

use crate::{
    diff::ChangeDiff,
    entity::{audit_action, audit_change, audit_transaction},
    error::Result,
    query::{ChangeScope, PageToken, Within, fingerprint, standings, withheld_columns},
};

/// The version of the JSON form of an [`Incident`]. Fields are added within a version, never
/// changed or removed.
pub const INCIDENT_SCHEMA_VERSION: u32 = 1;

/// The largest number of changes in one bundle.
pub const MAX_INCIDENT_CHANGES: u64 = 10_000;

/// How many changes a statement reads where bytes count: what does not fit any more is not held,
/// but PostgreSQL has sent it.
const BATCH: u64 = 100;

/// Reads everything about one transaction: context, actions, changes with their diffs.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::incident;
///
/// if let Some(bundle) = incident(7).fetch(db).await? {
///     println!("{:?} changed {} rows", bundle.transaction.actor(), bundle.changes.len());
/// }
/// # Ok(()) }
/// ```
pub fn incident(audit_transaction_id: i64) -> IncidentQuery {
    IncidentQuery {
        id: audit_transaction_id,
        limit: 1_000,
        after: None,
        scope: None,
    }
}

/// A query for one transaction; see [`incident`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct IncidentQuery {
    id: i64,
    limit: u64,
    after: Option<PageToken>,
    scope: Option<ChangeScope>,
}

/// One transaction with its context, its actions and its changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Incident {
    /// [`INCIDENT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The transaction and its context.
    pub transaction: audit_transaction::Model,
    /// What the application recorded, in order.
    pub actions: Vec<audit_action::Model>,
    /// What was captured, in order.
    pub changes: Vec<IncidentChange>,
    /// Whether the transaction has more changes than the bundle.
    pub has_more: bool,
    /// Where the bundle with the changes after these begins, for [`IncidentQuery::after`].
    pub next: Option<PageToken>,
}

/// One change with its diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IncidentChange {
    /// The change as recorded.
    #[serde(flatten)]
    pub change: audit_change::Model,
    /// What it changed.
    pub diff: ChangeDiff,
}

impl IncidentQuery {
    /// Sets how many changes the bundle holds at most, 1 to [`MAX_INCIDENT_CHANGES`].
    /// Default: 1000.
    pub fn limit(mut self, changes: u64) -> Self {
        self.limit = changes.clamp(1, MAX_INCIDENT_CHANGES);
        self
    }

    /// Goes on with the changes where a bundle of the same transaction ended. Default: the first
    /// change.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    /// Only what is in the scope: without a change in it the transaction is not there. `meta`, a
    /// malformed context, and the reason, comment and details of actions are given only where all
    /// changes of the transaction are in scope, and there are no more than 10,000. Default: all.
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.scope = Some(scope.clone());
        self
    }

    /// The changes from the first on, as an ordinary SeaORM `Select`.
    pub fn changes(&self) -> sea_orm::Select<audit_change::Entity> {
        let select = audit_change::Entity::find()
            .filter(audit_change::Column::TransactionId.eq(self.id))
            .order_by_asc(audit_change::Column::CapturedAt)
            .order_by_asc(audit_change::Column::Id)
            .limit(self.limit + 1);
        match &self.scope {
            Some(scope) => withheld_columns(scope, select.filter(scope.holds())),
            None => select,
        }
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&format!("incident {} {:?}", self.id, self.scope))
    }

    /// Reads the bundle; `None` when there is no such transaction.
    ///
    /// It holds as many changes as the limit says, however large they are: for pages that are held
    /// in memory see [`fetch_within`](Self::fetch_within).
    ///
    /// # Errors
    /// When the page token is not one of this query, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Option<Incident>> {
        let position = self.position()?;
        let Some(head) = self.head(db).await? else {
            return Ok(None);
        };
        let changes = self.changes_from(position).all(db).await?;
        Ok(Some(self.bundle(head, changes, false)))
    }

    /// As [`fetch`](Self::fetch), and the bundle ends as well where the images of its changes fill
    /// so many bytes, [`PAGE_BYTES`](crate::PAGE_BYTES) for example. It holds one change at least,
    /// however large that is. A bundle that ends early says so: `has_more`, and `next` for the rest.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Option<Incident>> {
        let mut position = self.position()?;
        let Some(head) = self.head(db).await? else {
            return Ok(None);
        };
        let wanted = self.limit + 1;
        let mut within = Within::new(bytes);
        loop {
            let before = within.changes.len();
            let batch = Ord::min(BATCH, wanted - before as u64);
            let query = self.changes_from(position).limit(batch);
            within.read(query, db).await?;
            let found = (within.changes.len() - before) as u64;
            let all = within.changes.len() as u64;
            if within.is_full || found < batch || all == wanted {
                break;
            }
            let last = within.changes.last();
            position = last.map(|last| (last.captured_at, last.id));
        }
        let Within {
            changes, is_full, ..
        } = within;
        Ok(Some(self.bundle(head, changes, is_full)))
    }

    fn position(&self) -> Result<Option<(DateTime<Utc>, i64)>> {
        let position = |token: &PageToken| token.position(self.fingerprint());
        Ok(self.after.as_ref().map(position).transpose()?)
    }

    /// The transaction and its actions; `None` when there is no such transaction.
    async fn head<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Option<(audit_transaction::Model, Vec<audit_action::Model>)>> {
        let standing = match &self.scope {
            Some(scope) => match standings(scope, &[self.id], db).await?.remove(&self.id) {
                None => return Ok(None),
                standing => standing,
            },
            None => None,
        };
        let transaction = audit_transaction::Entity::find_by_id(self.id)
            .one(db)
            .await?;
        let Some(mut transaction) = transaction else {
            return Ok(None);
        };
        let mut actions = audit_action::Entity::find()
            .filter(audit_action::Column::TransactionId.eq(self.id))
            .order_by_asc(audit_action::Column::Id)
            .limit(MAX_INCIDENT_CHANGES)
            .all(db)
            .await?;
        if let Some(standing) = standing {
            standing.withhold(&mut transaction, &mut actions);
        }
        Ok(Some((transaction, actions)))
    }

    /// The changes behind a place, one more than the bundle holds.
    fn changes_from(
        &self,
        position: Option<(DateTime<Utc>, i64)>,
    ) -> sea_orm::Select<audit_change::Entity> {
        self.changes().apply_if(position, |query, (at, id)| {
            let place = [
                Expr::col(audit_change::Column::CapturedAt.as_column_ref()),
                Expr::col(audit_change::Column::Id.as_column_ref()),
            ];
            let end = [Expr::val(at), Expr::val(id)];
            query
                .filter(audit_change::Column::CapturedAt.gte(at))
                .filter(Expr::tuple(place).gt(Expr::tuple(end)))
        })
    }

    /// The bundle of what was read; `ended_early` when there was a change that did not fit.
    fn bundle(
        &self,
        (transaction, actions): (audit_transaction::Model, Vec<audit_action::Model>),
        mut changes: Vec<audit_change::Model>,
        ended_early: bool,
    ) -> Incident {
        let has_more = ended_early || changes.len() as u64 > self.limit;
        changes.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let next = changes
            .last()
            .filter(|_| has_more)
            .map(|last| PageToken::new(self.fingerprint(), last.captured_at, last.id));
        let changes = changes
            .into_iter()
            .map(|change| IncidentChange {
                diff: ChangeDiff::of(&change),
                change,
            })
            .collect();
        Incident {
            schema_version: INCIDENT_SCHEMA_VERSION,
            transaction,
            actions,
            changes,
            has_more,
            next,
        }
    }
}
