use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    page::{MAX_PAGE_SIZE, Page, PageToken, fingerprint},
    scope::{ChangeScope, looked_through, standings},
    way::{Place, Way, tokens},
};
use crate::{
    actor::ActorRef,
    entity::audit_transaction::{self, Column, Entity, Model},
    error::Result,
    schema,
};

/// Starts a query over transactions, newest first. Unlike a timeline it finds those too that
/// recorded an action and changed nothing.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::transactions;
///
/// let page = transactions().request_id("req-7").fetch(db).await?;
/// for transaction in &page.entries {
///     println!("{} by {:?}", transaction.occurred_at, transaction.actor());
/// }
/// # Ok(()) }
/// ```
pub fn transactions() -> Transactions {
    Transactions {
        filter: Filter::default(),
        page_size: 50,
        place: None,
        scan_limit: DEFAULT_TRANSACTION_SCAN_LIMIT,
    }
}

/// The transactions of one actor, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::{ActorRef, actor_history};
///
/// let page = actor_history(ActorRef::user(42)?).page_size(20).fetch(db).await?;
/// for transaction in &page.entries {
///     println!("{} in request {:?}", transaction.occurred_at, transaction.request_id);
/// }
/// # Ok(()) }
/// ```
pub fn actor_history(actor: ActorRef) -> Transactions {
    transactions().actor(actor)
}

/// How many transactions a page looks through, unless said otherwise.
pub const DEFAULT_TRANSACTION_SCAN_LIMIT: u64 = 10_000;

/// The largest LIMIT that PostgreSQL takes.
const MAX_LIMIT: u64 = i64::MAX.unsigned_abs();

/// A query over transactions; see [`transactions`] and [`actor_history`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct Transactions {
    filter: Filter,
    page_size: u64,
    place: Option<Place>,
    scan_limit: u64,
}

#[derive(Clone, Debug, Default)]
struct Filter {
    request_id: Option<String>,
    correlation_id: Option<String>,
    actor: Option<ActorRef>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    scope: Option<ChangeScope>,
}

impl Transactions {
    /// Only what this actor did. Default: everybody.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.filter.actor = Some(actor);
        self
    }

    /// Only what happened in this request. Default: every request.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.filter.request_id = Some(id.into());
        self
    }

    /// Only what carries this correlation id. Default: everything.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.filter.correlation_id = Some(id.into());
        self
    }

    /// Only transactions that began at this instant or later. Default: all.
    pub fn since(mut self, at: DateTime<Utc>) -> Self {
        self.filter.since = Some(at);
        self
    }

    /// Only transactions that began at this instant or earlier. Default: all.
    pub fn until(mut self, at: DateTime<Utc>) -> Self {
        self.filter.until = Some(at);
        self
    }

    /// Only transactions with a change in the scope, without what may speak of other changes. Of
    /// each, 10,000 changes are looked through for one. Default: all.
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.filter.scope = Some(scope.clone());
        self
    }

    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`]. Default: 50.
    pub fn page_size(mut self, size: u64) -> Self {
        self.page_size = size.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Goes on where a page ended, with what is older. Default: the newest transaction.
    pub fn after(mut self, token: PageToken) -> Self {
        self.place = Some(Place::After(token));
        self
    }

    /// Goes back to the page before a page: what is newer, and next to it. Still newest first.
    pub fn before(mut self, token: PageToken) -> Self {
        self.place = Some(Place::Before(token));
        self
    }

    /// Sets how many transactions a page looks through at most.
    /// Default: [`DEFAULT_TRANSACTION_SCAN_LIMIT`].
    ///
    /// One of actor, request and correlation is found by its index. All else can only be found by
    /// looking. Where it is rare, a page ends early: it has fewer entries than its size, or none,
    /// and its `next` says where to go on.
    pub fn scan_limit(mut self, transactions: u64) -> Self {
        self.scan_limit = transactions.clamp(1, MAX_LIMIT - 1);
        self
    }

    /// The query as an ordinary SeaORM `Select`, without the limit of a page, for statements of
    /// one's own. It looks through as many transactions as it has to, unlike [`fetch`](Self::fetch),
    /// and what a scope withholds of a transaction it can't leave out.
    ///
    /// # Errors
    /// When the page token is not one of this query.
    pub fn select(&self) -> Result<Select<Entity>> {
        let id = self.position()?;
        let way = self.way();
        Ok(self
            .filter
            .looked_for(Entity::find())
            .apply_if(id, |query, id| {
                query.filter(way.is_behind(Expr::col(Column::Id), Expr::val(id)))
            })
            .order_by(Column::Id, way.order()))
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When the page token is not one of this query, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<Model>> {
        let wanted = self.page_size + 1;
        let scan = Ord::max(self.scan_limit, wanted);
        let mut entries = self.found(scan)?.limit(wanted).all(db).await?;
        let end = if entries.len() as u64 == wanted {
            entries.pop();
            entries.last().map(place_of)
        } else if self.filter.is_looked_for() {
            self.end_of_walk(scan, db).await?
        } else {
            None
        };
        let way = self.way();
        if way == Way::Newer {
            entries.reverse();
        }
        if let Some(scope) = &self.filter.scope {
            let ids: Vec<_> = entries.iter().map(|transaction| transaction.id).collect();
            let standings = standings(scope, &ids, db).await?;
            // Changes that were purged meanwhile take their transactions with them.
            entries.retain_mut(|transaction| {
                let standing = standings.get(&transaction.id);
                if let Some(standing) = standing {
                    standing.withhold(transaction, []);
                }
                standing.is_some()
            });
        }
        let token = |(at, id)| PageToken::new(self.fingerprint(), at, id);
        let edge = |entry: Option<&Model>| entry.map(place_of).map(token);
        let (newest, oldest) = (edge(entries.first()), edge(entries.last()));
        let (next, previous) = tokens(self.place.as_ref(), newest, oldest, end.map(token));
        Ok(Page {
            entries,
            next,
            previous,
        })
    }

    fn way(&self) -> Way {
        self.place.as_ref().map_or(Way::Older, Place::way)
    }

    /// The transaction behind which the page begins.
    fn position(&self) -> Result<Option<i64>> {
        let position = |place: &Place| place.token().position(self.fingerprint());
        let position = self.place.as_ref().map(position).transpose()?;
        Ok(position.map(|(_, id)| id))
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&format!("transactions {:?}", self.filter))
    }

    /// The transactions, looked for among so many of the key.
    fn found(&self, scan: u64) -> Result<Select<Entity>> {
        let mut select = Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_subquery(self.walked(scan)?, Alias::new("audit_transactions"));
        let mut select = self.filter.looked_for(select);
        // The order of the walk, so that nothing is sorted.
        for (key, _) in self.filter.key() {
            select = select.order_by(key, self.way().order());
        }
        Ok(select.order_by(Column::Id, self.way().order()))
    }

    /// So many transactions of the key on the way.
    ///
    /// The order begins with the key, so that its index has it: for NULL, PostgreSQL does not see
    /// that all are equal. The limit is hidden: a large one that it sees may make it sort them all.
    fn walked(&self, scan: u64) -> Result<SelectStatement> {
        let way = self.way();
        let column = |column: Column| Expr::col(("t", column.as_str()));
        let (mut conditions, mut order) = (Vec::new(), String::new());
        for (key, value) in self.filter.key() {
            conditions.push(match value {
                Some(value) => column(key).eq(value),
                None => column(key).is_null(),
            });
            order += &format!("t.{} {}, ", key.as_str(), way.word());
        }
        if let Some(id) = self.position()? {
            conditions.push(way.is_behind(column(Column::Id), Expr::val(id)));
        }
        let conditions = conditions.into_iter().reduce(ExprTrait::and);
        let walk = Expr::cust_with_exprs(
            format!(
                "$1 ORDER BY {order}t.id {} LIMIT (SELECT $2::bigint)",
                way.word()
            ),
            [
                conditions.unwrap_or_else(|| Expr::cust("true")),
                Expr::val(i64::try_from(scan).unwrap_or(i64::MAX)),
            ],
        );
        let table = (
            Alias::new(schema::current().as_str()),
            Alias::new("audit_transactions"),
        );
        Ok(Query::select()
            .expr(Expr::cust("t.*"))
            .from_as(table, "t")
            .and_where(walk)
            .to_owned())
    }

    /// The transaction at which a walk ended, if it took as many as it may.
    async fn end_of_walk<C: ConnectionTrait>(
        &self,
        scan: u64,
        db: &C,
    ) -> Result<Option<(DateTime<Utc>, i64)>> {
        let mut last = Query::select();
        last.expr(Expr::cust("e.occurred_at, e.id"))
            .from_subquery(self.walked(scan)?, "e")
            .offset(scan - 1)
            .limit(1);
        let row = db.query_one(&last).await?;
        row.map(|row| Ok((row.try_get("", "occurred_at")?, row.try_get("", "id")?)))
            .transpose()
    }
}

fn place_of(transaction: &Model) -> (DateTime<Utc>, i64) {
    (transaction.occurred_at, transaction.id)
}

impl Filter {
    /// The columns of the one index by which transactions are found, and their values.
    fn key(&self) -> Vec<(Column, Option<&str>)> {
        if let Some(id) = &self.request_id {
            vec![(Column::RequestId, Some(id))]
        } else if let Some(id) = &self.correlation_id {
            vec![(Column::CorrelationId, Some(id))]
        } else if let Some(actor) = &self.actor {
            vec![
                (Column::ActorType, Some(actor.kind().as_str())),
                (Column::ActorId, actor.id()),
            ]
        } else {
            Vec::new()
        }
    }

    /// Whether there is more to fulfil than the key.
    fn is_looked_for(&self) -> bool {
        let keys = [
            self.request_id.is_some(),
            self.correlation_id.is_some(),
            self.actor.is_some(),
        ];
        keys.into_iter().filter(|&is_set| is_set).count() > 1
            || self.since.is_some()
            || self.until.is_some()
            || self.scope.is_some()
    }

    /// All conditions, those of the key again.
    fn looked_for(&self, select: Select<audit_transaction::Entity>) -> Select<Entity> {
        select
            .apply_if(self.request_id.as_deref(), |query, id| {
                query.filter(Column::RequestId.eq(id))
            })
            .apply_if(self.correlation_id.as_deref(), |query, id| {
                query.filter(Column::CorrelationId.eq(id))
            })
            .apply_if(self.actor.as_ref(), |query, actor| {
                query
                    .filter(Column::ActorType.eq(actor.kind().as_str()))
                    .filter(match actor.id() {
                        Some(id) => Column::ActorId.eq(id),
                        None => Column::ActorId.is_null(),
                    })
            })
            .apply_if(self.since, |query, at| {
                query.filter(Column::OccurredAt.gte(at))
            })
            .apply_if(self.until, |query, at| {
                query.filter(Column::OccurredAt.lte(at))
            })
            .apply_if(self.scope.as_ref(), |query, scope| {
                query.filter(has_change(scope))
            })
    }
}

/// That the transaction has a change in scope: a question about one, never a join, so that only
/// those on the way are asked.
fn has_change(scope: &ChangeScope) -> Expr {
    let change = Query::select()
        .expr(Expr::cust("true"))
        .from_subquery(looked_through("audit_transactions"), "audit_changes")
        .and_where(scope.holds())
        .limit(1)
        .to_owned();
    Expr::SubQuery(None, Box::new(change.into()))
}
