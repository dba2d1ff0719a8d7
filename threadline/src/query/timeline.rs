use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt, stream};
use sea_orm::{
    ConnectionTrait, EntityName, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
    sea_query::{Alias, Expr, Query, WithClause},
};
use serde::Serialize;

use super::{
    filter::{ActorFilter, EntityTable, Filter},
    history::{Stretch, of_record},
    page::{MAX_PAGE_SIZE, Page, PageToken},
    row_ref::{found_schema, quoted, quoted_name},
    scope::{ChangeScope, withheld_columns},
    search::{Position, Search},
    way::{Place, Way, tokens},
};
use crate::{
    actor::{ActorKind, ActorRef},
    entity::audit_change::{self, Column, Op},
    error::{Error, Result},
    record::Record,
};

/// Starts a query over captured changes, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::timeline;
///
/// let page = timeline().table("posts").correlation_id("demo").page_size(100).fetch(db).await?;
/// if let Some(next) = page.next {
///     let older = timeline().table("posts").correlation_id("demo").after(next).fetch(db).await?;
/// }
/// # Ok(()) }
/// ```
pub fn timeline() -> Timeline {
    Timeline {
        filter: Filter::default(),
        page_size: 100,
        place: None,
        scan_limit: DEFAULT_SCAN_LIMIT,
    }
}

/// A query over captured changes; see [`timeline`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`, `stream` or `count`"]
pub struct Timeline {
    pub(super) filter: Filter,
    pub(super) page_size: u64,
    pub(super) place: Option<Place>,
    pub(super) scan_limit: u64,
}

/// How many changes a page or a count looks through, unless said otherwise.
pub const DEFAULT_SCAN_LIMIT: u64 = 100_000;

/// The largest LIMIT that PostgreSQL takes.
const MAX_LIMIT: u64 = i64::MAX.unsigned_abs();

/// How many changes a query finds, counted up to a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number, at most the cap.
    pub value: u64,
    /// Whether counting ended early, so that there may be more: there are more than the cap, or it
    /// looked through as many changes as [`Timeline::scan_limit`] allows.
    pub capped: bool,
}

impl Timeline {
    /// Only changes of the entity's table.
    ///
    /// An entity without schema name means the table that the connection's `search_path` finds.
    /// Changes of partitions are those of the root's entity.
    pub fn entity<E: EntityName>(mut self, entity: E) -> Self {
        self.filter.entity = Some(EntityTable {
            quoted: quoted_name(&entity),
            schema: entity.schema_name().map(str::to_owned),
            table: entity.table_name().to_owned(),
        });
        self
    }

    /// Only changes of tables with this name, in any schema unless [`schema`](Self::schema) says
    /// which. Default: every table.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.filter.table = Some(table.into());
        self
    }

    /// Only changes of tables in this schema. Default: every schema.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.filter.schema = Some(schema.into());
        self
    }

    /// Only what this actor did. Default: everybody.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        self.filter.actor = Some(ActorFilter::Is(actor));
        self
    }

    /// Only what was done without an actor. Default: everybody.
    pub fn no_actor(mut self) -> Self {
        self.filter.actor = Some(ActorFilter::Nobody);
        self
    }

    /// Only what actors of this kind did, whatever their ids. Default: everybody.
    pub fn actor_kind(mut self, kind: ActorKind) -> Self {
        self.filter.actor = Some(ActorFilter::Kind(kind));
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

    /// Only this kind of change. Default: every kind.
    pub fn op(mut self, op: Op) -> Self {
        self.filter.op = Some(op);
        self
    }

    /// Only updates that changed this column. Default: every change.
    pub fn changed_column(mut self, column: impl Into<String>) -> Self {
        self.filter.changed_column = Some(column.into());
        self
    }

    /// Only changes captured at this instant or later. Default: all.
    pub fn from(mut self, at: DateTime<Utc>) -> Self {
        self.filter.from = Some(at);
        self
    }

    /// Only changes captured at this instant or earlier. Default: all.
    pub fn to(mut self, at: DateTime<Utc>) -> Self {
        self.filter.to = Some(at);
        self
    }

    /// Only changes of this transaction. Default: every transaction.
    pub fn transaction(mut self, audit_transaction_id: i64) -> Self {
        self.filter.transaction = Some(audit_transaction_id);
        self
    }

    /// Only changes of transactions that recorded an action of this name. Default: all.
    pub fn action(mut self, name: impl Into<String>) -> Self {
        self.filter.action = Some(name.into());
        self
    }

    /// Only changes of this record, and the TRUNCATE markers that ended it. Default: every record.
    ///
    /// A scope of the record is not asked for: say [`in_scope`](Self::in_scope).
    pub fn record(mut self, record: &Record) -> Self {
        self.filter.record = Some(record.key().clone());
        self
    }

    /// Only changes in the scope. Default: all.
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.filter.scope = Some(scope.clone());
        self
    }

    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`]. Default: 100.
    pub fn page_size(mut self, size: u64) -> Self {
        self.page_size = size.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Goes on where a page ended. Default: the newest change.
    pub fn after(mut self, token: PageToken) -> Self {
        self.place = Some(Place::After(token));
        self
    }

    /// Goes back to the page before a page: what is newer, and next to it. Still newest first.
    pub fn before(mut self, token: PageToken) -> Self {
        self.place = Some(Place::Before(token));
        self
    }

    /// Sets how many changes a page or a count looks through at most.
    /// Default: [`DEFAULT_SCAN_LIMIT`].
    ///
    /// An op, a changed column, a schema or the lack of an actor can only be found by looking, and
    /// so can some combinations. Where they are rare, a page ends early: it has fewer entries than
    /// its size, or none, and its `next` says where to go on.
    pub fn scan_limit(mut self, changes: u64) -> Self {
        self.scan_limit = changes.clamp(1, MAX_LIMIT - 1);
        self
    }

    /// The query as an ordinary SeaORM `Select`, without the limit of a page, for statements of
    /// one's own. It looks through as many changes as it has to, unlike [`fetch`](Self::fetch).
    ///
    /// # Errors
    /// When a filter is empty or contradicts another, or the page token is not one of this query.
    pub fn select(&self) -> Result<Select<audit_change::Entity>> {
        self.filter.check()?;
        let position = self.position()?;
        let way = self.way();
        let mut select = audit_change::Entity::find();
        if let Some(record) = &self.filter.record {
            QuerySelect::query(&mut select)
                .from_clear()
                .from_subquery(
                    of_record(Stretch::default(), self.filter.scope.as_ref()),
                    Alias::new("audit_changes"),
                )
                .with_cte(WithClause::new().cte(record.row_ref()).to_owned());
        }
        Ok(self
            .filter
            .apply(select)
            .apply_if(position, |query, (at, id)| {
                let key = Expr::tuple([Expr::col(Column::CapturedAt), Expr::col(Column::Id)]);
                let edge = Expr::tuple([Expr::val(at), Expr::val(id)]);
                query.filter(way.is_behind(key, edge))
            })
            .apply_if(self.filter.scope.as_ref(), |query, scope| {
                withheld_columns(scope, query)
            })
            .order_by(Column::CapturedAt, way.order())
            .order_by(Column::Id, way.order()))
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When a filter or the page token can't be used, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<audit_change::Model>> {
        self.filter.check()?;
        let way = self.way();
        let wanted = self.page_size + 1;
        let (mut entries, end) = self.read(way, self.position()?, wanted, db).await?;
        let place = |change: &audit_change::Model| (change.captured_at, change.id);
        let end = if entries.len() as u64 == wanted {
            entries.pop();
            entries.last().map(place)
        } else {
            end
        };
        Ok(self.page(entries, end))
    }

    /// The page of what was read, nearest first; `end` is where the reading ended, if there may be
    /// more.
    pub(super) fn page(
        &self,
        mut entries: Vec<audit_change::Model>,
        end: Option<Position>,
    ) -> Page<audit_change::Model> {
        if self.way() == Way::Newer {
            entries.reverse();
        }
        let token = |(at, id)| PageToken::new(self.filter.fingerprint(), at, id);
        let newest = entries.first().map(|change| self.token_of(change));
        let oldest = entries.last().map(|change| self.token_of(change));
        let (next, previous) = tokens(self.place.as_ref(), newest, oldest, end.map(token));
        Page {
            entries,
            next,
            previous,
        }
    }

    /// Reads so many changes on the way, nearest first, and where the reading stopped if it did so
    /// before the end.
    async fn read<C: ConnectionTrait>(
        &self,
        way: Way,
        edge: Option<Position>,
        wanted: u64,
        db: &C,
    ) -> Result<(Vec<audit_change::Model>, Option<Position>)> {
        let mut search = Search::new(&self.filter, way, edge, self.scan_limit);
        let mut entries = Vec::new();
        if let Some(first) = search.begin(wanted) {
            for row in db.query_all(&first).await? {
                entries.extend(search.take(&row)?);
            }
            search.begun(entries.len() as u64, wanted);
        }
        while (entries.len() as u64) < wanted {
            let missing = wanted - entries.len() as u64;
            let Some(step) = search.step(missing, db).await? else {
                break;
            };
            let found = match &self.filter.scope {
                Some(scope) => withheld_columns(scope, step).all(db).await?,
                None => step.all(db).await?,
            };
            let last = found.last().map(|change| (change.captured_at, change.id));
            search.found(found.len() as u64, last, db).await?;
            entries.extend(found);
        }
        Ok((entries, search.stopped()))
    }

    /// The place of a change that it found.
    pub(crate) fn token_of(&self, change: &audit_change::Model) -> PageToken {
        PageToken::new(self.filter.fingerprint(), change.captured_at, change.id)
    }

    /// Which way it goes.
    pub(crate) fn way(&self) -> Way {
        self.place.as_ref().map_or(Way::Older, Place::way)
    }

    /// Where it begins, on the way back in time.
    pub(crate) fn token(&self) -> Option<&PageToken> {
        match &self.place {
            Some(Place::After(token)) => Some(token),
            Some(Place::Before(_)) | None => None,
        }
    }

    /// What it is narrowed by.
    pub(crate) fn scope(&self) -> Option<&ChangeScope> {
        self.filter.scope.as_ref()
    }

    /// With the schema in which the `search_path` finds the entity's table now.
    pub(crate) async fn in_found_schema<C: ConnectionTrait>(mut self, db: &C) -> Result<Self> {
        if let Some(entity) = &mut self.filter.entity
            && entity.schema.is_none()
        {
            let query = Query::select()
                .expr_as(found_schema(&entity.quoted), "found")
                .to_owned();
            let row = db.query_one(&query).await?;
            let found: Option<String> = row.map(|row| row.try_get("", "found")).transpose()?;
            entity.quoted = quoted(found.as_deref(), &entity.table);
            entity.schema = found;
        }
        Ok(self)
    }

    pub(super) fn position(&self) -> Result<Option<Position>> {
        let position = |place: &Place| place.token().position(self.filter.fingerprint());
        Ok(self.place.as_ref().map(position).transpose()?)
    }

    /// Reads everything from here on, page by page, in constant memory.
    ///
    /// Each page is a query of its own: no transaction stays open meanwhile.
    pub fn stream<'a, C: ConnectionTrait>(
        self,
        db: &'a C,
    ) -> impl Stream<Item = Result<audit_change::Model>> + 'a {
        let first = Some(self.page_size(MAX_PAGE_SIZE));
        stream::try_unfold(first, move |query| async move {
            let Some(query) = query else {
                return Ok::<_, Error>(None);
            };
            let page = query.fetch(db).await?;
            let rest = page.next.map(|next| query.after(next));
            Ok(Some((stream::iter(page.entries.into_iter().map(Ok)), rest)))
        })
        .try_flatten()
    }

    /// Counts what the filters find, up to `cap`.
    ///
    /// # Errors
    /// When a filter can't be used, or the database fails.
    pub async fn count<C: ConnectionTrait>(&self, cap: u64, db: &C) -> Result<Count> {
        self.count_behind(None, cap, db).await
    }

    /// As [`count`](Self::count), from the page on at which it begins.
    pub(crate) async fn count_rest<C: ConnectionTrait>(&self, cap: u64, db: &C) -> Result<Count> {
        self.count_behind(self.position()?, cap, db).await
    }

    async fn count_behind<C: ConnectionTrait>(
        &self,
        edge: Option<Position>,
        cap: u64,
        db: &C,
    ) -> Result<Count> {
        self.filter.check()?;
        let mut search = Search::new(&self.filter, Way::Older, edge, self.scan_limit);
        let wanted = Ord::min(cap, MAX_LIMIT - 1) + 1;
        let mut value = 0;
        while value < wanted {
            let Some(step) = search.step(wanted - value, db).await? else {
                break;
            };
            let found = count(step, db).await?;
            search.found(found, None, db).await?;
            value += found;
        }
        Ok(Count {
            value: Ord::min(value, cap),
            capped: value > cap || search.stopped().is_some(),
        })
    }
}

async fn count<C: ConnectionTrait>(mut found: Select<audit_change::Entity>, db: &C) -> Result<u64> {
    let found = QuerySelect::query(&mut found)
        .clear_selects()
        .expr(Expr::val(1))
        .take();
    let mut count = Query::select();
    count
        .expr_as(Expr::cust("count(*)"), "n")
        .from_subquery(found, "found");
    let row = db.query_one(&count).await?;
    let n: Option<i64> = row.map(|row| row.try_get("", "n")).transpose()?;
    Ok(n.unwrap_or_default().unsigned_abs())
}
