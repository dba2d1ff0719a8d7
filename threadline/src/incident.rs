//! Everything about one transaction: [`incident`].

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
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
    query::{ChangeScope, PageToken, Standing, Within, fingerprint, standings, withheld_columns},
};

/// The version of the JSON form of an [`Incident`]. Fields are added within a version, never
/// changed or removed.
pub const INCIDENT_SCHEMA_VERSION: u32 = 1;

/// The largest number of changes in one bundle.
pub const MAX_INCIDENT_CHANGES: u64 = 10_000;

/// The largest number of actions in one bundle.
pub const MAX_INCIDENT_ACTIONS: u64 = 10_000;

/// How many changes or actions a statement reads where bytes count: what does not fit any more is
/// not held, but PostgreSQL has sent it.
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
    /// Whether it recorded more than those: there are more than [`MAX_INCIDENT_ACTIONS`], or they
    /// fill more than half of the bytes of [`IncidentQuery::fetch_within`].
    pub actions_has_more: bool,
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

/// What a bundle begins with.
struct Head {
    transaction: audit_transaction::Model,
    actions: Vec<audit_action::Model>,
    actions_has_more: bool,
}

impl Head {
    /// As far as a reader in a scope may know it.
    fn new(
        mut transaction: audit_transaction::Model,
        standing: Option<Standing>,
        mut actions: Vec<audit_action::Model>,
        actions_has_more: bool,
    ) -> Self {
        if let Some(standing) = standing {
            standing.withhold(&mut transaction, &mut actions);
        }
        Self {
            transaction,
            actions,
            actions_has_more,
        }
    }
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
        let Some((transaction, standing)) = self.head(db).await? else {
            return Ok(None);
        };
        let most = usize::try_from(MAX_INCIDENT_ACTIONS).unwrap_or(usize::MAX);
        let mut actions = self
            .actions()
            .limit(MAX_INCIDENT_ACTIONS + 1)
            .all(db)
            .await?;
        let actions_has_more = actions.len() > most;
        actions.truncate(most);
        let head = Head::new(transaction, standing, actions, actions_has_more);
        let changes = self.changes_from(position).all(db).await?;
        Ok(Some(self.bundle(head, changes, false)))
    }

    /// As [`fetch`](Self::fetch), and the bundle ends as well where its actions and the images of
    /// its changes fill so many bytes, [`PAGE_BYTES`](crate::PAGE_BYTES) for example. Actions have
    /// half of them at most. It holds one action and one change at least, however large they are. A
    /// bundle that ends early says so: `actions_has_more`, and `has_more` with `next` for the rest.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Option<Incident>> {
        let mut position = self.position()?;
        let Some((transaction, standing)) = self.head(db).await? else {
            return Ok(None);
        };
        let (actions, actions_has_more) = self.actions_within(bytes / 2, db).await?;
        let left = bytes.saturating_sub(actions.iter().map(audit_action::Model::weight).sum());
        let head = Head::new(transaction, standing, actions, actions_has_more);
        let wanted = self.limit + 1;
        let mut within = Within::new(left);
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

    /// The transaction and how it stands to the scope; `None` when there is no such transaction.
    async fn head<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Option<(audit_transaction::Model, Option<Standing>)>> {
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
        Ok(transaction.map(|transaction| (transaction, standing)))
    }

    fn actions(&self) -> sea_orm::Select<audit_action::Entity> {
        audit_action::Entity::find()
            .filter(audit_action::Column::TransactionId.eq(self.id))
            .order_by_asc(audit_action::Column::Id)
    }

    /// The actions that fit, the first one always, and whether there are more.
    async fn actions_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<(Vec<audit_action::Model>, bool)> {
        let mut actions: Vec<audit_action::Model> = Vec::new();
        let mut weight = 0;
        loop {
            let before = actions.len() as u64;
            let last = actions.last().map(|action| action.id);
            let batch = Ord::min(BATCH, MAX_INCIDENT_ACTIONS + 1 - before);
            let query = self.actions().apply_if(last, |query, id| {
                query.filter(audit_action::Column::Id.gt(id))
            });
            let mut rows = query.limit(batch).stream(db).await?;
            while let Some(action) = rows.try_next().await? {
                let is_full = actions.len() as u64 == MAX_INCIDENT_ACTIONS || weight >= bytes;
                if is_full && !actions.is_empty() {
                    return Ok((actions, true));
                }
                weight += action.weight();
                actions.push(action);
            }
            if (actions.len() as u64) < before + batch {
                return Ok((actions, false));
            }
        }
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
        head: Head,
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
            transaction: head.transaction,
            actions: head.actions,
            actions_has_more: head.actions_has_more,
            changes,
            has_more,
            next,
        }
    }
}
