use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt, stream};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityName, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};
use serde::Serialize;

use super::{
    page::{MAX_PAGE_SIZE, Page, PageToken, fingerprint},
    row_ref::{found_schema, quoted_name},
};
use crate::{
    actor::ActorRef,
    entity::{
        audit_action,
        audit_change::{self, Column, Op},
        audit_transaction,
    },
    error::{Error, Result},
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
        after: None,
    }
}

/// A query over captured changes; see [`timeline`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`, `stream` or `count`"]
pub struct Timeline {
    filter: Filter,
    page_size: u64,
    after: Option<PageToken>,
}

#[derive(Clone, Debug, Default)]
struct Filter {
    entity: Option<EntityTable>,
    schema: Option<String>,
    table: Option<String>,
    actor: Option<ActorFilter>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    op: Option<Op>,
    changed_column: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    transaction: Option<i64>,
    action: Option<String>,
}

#[derive(Clone, Debug)]
struct EntityTable {
    quoted: String,
    schema: Option<String>,
    table: String,
}

#[derive(Clone, Debug)]
enum ActorFilter {
    Is(ActorRef),
    Nobody,
}

/// The largest LIMIT that PostgreSQL takes.
const MAX_LIMIT: u64 = i64::MAX.unsigned_abs();

/// How many changes a query finds, counted up to a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number, at most the cap.
    pub value: u64,
    /// Whether there are more than the cap.
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

    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`]. Default: 100.
    pub fn page_size(mut self, size: u64) -> Self {
        self.page_size = size.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Goes on where a page ended. Default: the newest change.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    /// The query as an ordinary SeaORM `Select`, without the limit of a page.
    ///
    /// # Errors
    /// When a filter is empty or contradicts another, or the page token is not one of this query.
    pub fn select(&self) -> Result<Select<audit_change::Entity>> {
        self.filter.check()?;
        let position = self
            .after
            .as_ref()
            .map(|token| token.position(self.filter.fingerprint()))
            .transpose()?;
        Ok(self
            .filter
            .apply(audit_change::Entity::find())
            .apply_if(position, |query, (at, id)| {
                let key = Expr::tuple([Expr::col(Column::CapturedAt), Expr::col(Column::Id)]);
                query.filter(key.lt(Expr::tuple([Expr::val(at), Expr::val(id)])))
            })
            .order_by_desc(Column::CapturedAt)
            .order_by_desc(Column::Id))
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When a filter or the page token can't be used, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<audit_change::Model>> {
        let mut entries = self.select()?.limit(self.page_size + 1).all(db).await?;
        let more = entries.len() as u64 > self.page_size;
        entries.truncate(usize::try_from(self.page_size).unwrap_or(usize::MAX));
        let next = entries.last().filter(|_| more).map(|last| self.token(last));
        Ok(Page { entries, next })
    }

    fn token(&self, change: &audit_change::Model) -> PageToken {
        PageToken::new(self.filter.fingerprint(), change.captured_at, change.id)
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
        self.filter.check()?;
        let mut found = self
            .filter
            .apply(audit_change::Entity::find())
            .limit(Ord::min(cap, MAX_LIMIT - 1) + 1);
        let found = QuerySelect::query(&mut found)
            .clear_selects()
            .expr(Expr::val(1))
            .take();
        let mut count = Query::select();
        count
            .expr_as(Expr::cust("count(*)"), "n")
            .from_subquery(found, "found");
        let row = db.query_one(&count).await?;
        let n: i64 = row
            .map(|row| row.try_get("", "n"))
            .transpose()?
            .unwrap_or_default();
        let n = n.unsigned_abs();
        Ok(Count {
            value: Ord::min(n, cap),
            capped: n > cap,
        })
    }
}

impl Filter {
    fn fingerprint(&self) -> u64 {
        fingerprint(&format!("timeline {self:?}"))
    }

    fn check(&self) -> Result<()> {
        for (filter, text) in [
            ("table", &self.table),
            ("schema", &self.schema),
            ("request_id", &self.request_id),
            ("correlation_id", &self.correlation_id),
            ("changed_column", &self.changed_column),
            ("action", &self.action),
        ] {
            match text.as_deref() {
                Some("") => {
                    let reason = "it is empty; leave the filter out instead".to_owned();
                    return Err(Error::InvalidFilter { filter, reason });
                }
                Some(text) if text.contains('\0') => {
                    let reason = "it holds a NUL character".to_owned();
                    return Err(Error::InvalidFilter { filter, reason });
                }
                _ => {}
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            let reason = format!("it begins at {from}, after its end {to}");
            return Err(Error::InvalidFilter {
                filter: "from",
                reason,
            });
        }
        if self.entity.is_some() && (self.table.is_some() || self.schema.is_some()) {
            let reason = "the entity already names the table and its schema".to_owned();
            return Err(Error::InvalidFilter {
                filter: "table",
                reason,
            });
        }
        Ok(())
    }

    fn apply(&self, query: Select<audit_change::Entity>) -> Select<audit_change::Entity> {
        query
            .filter(self.own_plan())
            .apply_if(self.entity.as_ref(), |query, entity| {
                let schema = match &entity.schema {
                    Some(schema) => Expr::val(schema),
                    None => found_schema(&entity.quoted),
                };
                query
                    .filter(Column::TableName.eq(&entity.table))
                    .filter(Expr::col(Column::TableSchema).eq(schema))
            })
            .apply_if(self.table.as_deref(), |query, table| {
                query.filter(Column::TableName.eq(table))
            })
            .apply_if(self.schema.as_deref(), |query, schema| {
                query.filter(Column::TableSchema.eq(schema))
            })
            .apply_if(self.op, |query, op| query.filter(Column::Op.eq(op)))
            .apply_if(self.changed_column.as_deref(), |query, column| {
                query.filter(
                    Expr::val(column).eq(Func::cust("ANY").arg(Expr::col(Column::ChangedFields))),
                )
            })
            .apply_if(self.from, |query, at| {
                query.filter(Column::CapturedAt.gte(at))
            })
            .apply_if(self.to, |query, at| {
                query.filter(Column::CapturedAt.lte(at))
            })
            .apply_if(self.transaction, |query, id| {
                query.filter(Column::TransactionId.eq(id))
            })
            .apply_if(self.transactions(), |query, ids| {
                query.filter(Column::TransactionId.in_subquery(ids))
            })
            .apply_if(self.action.as_deref(), |query, name| {
                let ids = audit_action::Entity::find()
                    .select_only()
                    .column(audit_action::Column::TransactionId)
                    .filter(audit_action::Column::Name.eq(name));
                query.filter(Column::TransactionId.in_subquery(ids.into_query()))
            })
    }

    /// A condition that always holds, with a text of its own for each set of filter values.
    ///
    /// Some tables, actors, correlation ids and actions have a third of all changes, others have
    /// ten. PostgreSQL may keep one plan for a statement that a connection repeats, whatever its
    /// values; for one kind it then walks the whole trail, for the other it sorts it. With another
    /// text it is another statement with a plan of its own. The values themselves stay bound.
    fn own_plan(&self) -> Expr {
        let values = fingerprint(&format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            self.entity, self.schema, self.table, self.actor, self.correlation_id, self.action
        ));
        Expr::cust(format!("'{values:016x}' IS NOT NULL"))
    }

    /// The transactions that the context filters allow, if there are any.
    fn transactions(&self) -> Option<SelectStatement> {
        use audit_transaction::Column as Tx;
        if self.actor.is_none() && self.request_id.is_none() && self.correlation_id.is_none() {
            return None;
        }
        let query = audit_transaction::Entity::find()
            .select_only()
            .column(Tx::Id)
            .apply_if(self.request_id.as_deref(), |query, id| {
                query.filter(Tx::RequestId.eq(id))
            })
            .apply_if(self.correlation_id.as_deref(), |query, id| {
                query.filter(Tx::CorrelationId.eq(id))
            })
            .apply_if(self.actor.as_ref(), |query, actor| match actor {
                ActorFilter::Nobody => query.filter(Tx::ActorType.is_null()),
                ActorFilter::Is(actor) => {
                    let query = query.filter(Tx::ActorType.eq(actor.kind().as_str()));
                    match actor.id() {
                        Some(id) => query.filter(Tx::ActorId.eq(id)),
                        None => query.filter(Tx::ActorId.is_null()),
                    }
                }
            });
        Some(query.into_query())
    }
}
