//! The statements of the steps. None of them leaves the planner a choice that depends on how many
//! changes fulfil a condition: statistics tell nothing of when somebody was busy.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Select,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, WithClause},
};

use super::{Position, few};
use crate::{
    entity::audit_change::{self, Column},
    error::Result,
    query::{
        filter::{Filter, Key},
        history::{Stretch, of_record},
        way::Way,
    },
    schema,
};

/// A limit that PostgreSQL does not see when it plans: one that it sees makes a plan for each page
/// look cheaper than the one it could keep, and planning takes longer than reading the page.
const LIMIT: &str = "LIMIT (SELECT $1::bigint)";

/// A piece of the way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Every change is one to find.
    Every,
    /// The changes of the one transaction.
    Transaction,
    /// The changes of the transactions of the key, if they are [few](super::few).
    Few,
    /// The changes of the transactions of the key: all of them, or those of a month.
    Transactions { month: Option<Month> },
    /// So many changes on the way back, and of each whether it is one to find. In a month, whose
    /// transactions they may be is gathered first; otherwise the transaction of each is looked up.
    Walk { limit: u64, month: Option<Month> },
}

/// The month (UTC) of the nearest change, and the ids of the transactions that have changes in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Month {
    /// How many transactions there are, about.
    pub(super) fn transactions(self) -> u64 {
        self.high.abs_diff(self.low).saturating_add(1)
    }
}

/// The filter and how far the search is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps<'f> {
    pub(super) filter: &'f Filter,
    pub(super) way: Way,
    pub(super) edge: Option<Position>,
}

impl Steps<'_> {
    /// What a step finds: so many changes at most, nearest first.
    pub(super) fn select(&self, step: Step, limit: u64) -> Select<audit_change::Entity> {
        let key = self.filter.key();
        let (changes, known) = match step {
            Step::Every => (self.walked(None, None), None),
            Step::Transaction => (self.of_transaction(), None),
            Step::Few => (self.of_these(few::ids(key), None), key),
            Step::Transactions { month } => (self.of_transactions(month), key),
            Step::Walk { limit, month } => (
                self.walked(month, Some(limit)),
                key.filter(|_| month.is_some()),
            ),
        };
        let mut select = audit_change::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_subquery(changes, Alias::new("audit_changes"));
        if let Some(record) = &self.filter.record {
            let row = WithClause::new().cte(record.row_ref()).to_owned();
            QuerySelect::query(&mut select).with_cte(row);
        }
        let mut select = self.filter.conditions(known, select);
        let mut order = Vec::new();
        if let Some(table) = self.filter.table_name() {
            match step {
                // The order of the walk, so that nothing is sorted.
                Step::Every | Step::Walk { .. } => order.push(Column::TableName),
                _ => select = select.filter(Column::TableName.eq(table)),
            }
        }
        if let (
            Step::Walk {
                month: Some(month), ..
            },
            Some(key),
        ) = (step, key)
        {
            // Not a join: PostgreSQL makes a set of the ids before it walks.
            let ids = among(key, self.filter, Some(month));
            let gathered = Column::TransactionId.in_subquery(ids);
            select = select.filter(Expr::cust_with_expr("($1) IS TRUE", gathered));
        }
        order.extend([Column::CapturedAt, Column::Id]);
        // Of a record PostgreSQL has to see the limit, or it sorts a long history.
        if self.filter.record.is_some() {
            select = select.limit(limit);
        } else {
            let found = QuerySelect::query(&mut select)
                .clear_selects()
                .expr(Expr::cust("audit_changes.*"))
                .take();
            // PostgreSQL takes a hidden limit for a tenth of all there is, and would compile a
            // statement that it believes to be that long, which takes a second. It sees a round one.
            let round = limit.checked_next_power_of_two();
            let round = round.and_then(|round| i64::try_from(round).ok());
            let round = format!("LIMIT {}", round.unwrap_or(i64::MAX));
            let among = Query::select()
                .expr(Expr::cust("f.*"))
                .from_subquery(found, "f")
                .and_where(self.nearest_of("f", &order, &round, []))
                .to_owned();
            let nearest = Query::select()
                .expr(Expr::cust("f.*"))
                .from_subquery(among, "f")
                .and_where(self.nearest_of("f", &order, LIMIT, [limit]))
                .to_owned();
            select = audit_change::Entity::find();
            QuerySelect::query(&mut select)
                .from_clear()
                .from_subquery(nearest, Alias::new("audit_changes"));
        }
        let way = self.way.order();
        order.into_iter().fold(select, |select, column| {
            select.order_by(column, way.clone())
        })
    }

    /// The change at which a walk ended, if it took all its changes.
    pub(super) async fn end_of_walk<C: ConnectionTrait>(
        &self,
        limit: u64,
        month: Option<Month>,
        db: &C,
    ) -> Result<Option<Position>> {
        let Some(before) = limit.checked_sub(1) else {
            return Ok(self.edge);
        };
        let mut keys = self.nearest_first(month, "LIMIT 1 OFFSET (SELECT $1::bigint)", [before]);
        keys.clear_selects()
            .column(("c", "captured_at"))
            .column(("c", "id"));
        if let Some(record) = &self.filter.record {
            keys.with_cte(WithClause::new().cte(record.row_ref()).to_owned());
        }
        let row = db.query_one(&keys).await?;
        row.map(|row| Ok((row.try_get("", "captured_at")?, row.try_get("", "id")?)))
            .transpose()
    }

    /// So many changes on the way.
    ///
    /// The limit is hidden. PostgreSQL then plans for a tenth of what there is, and walks an index;
    /// a limit that it sees, or none, may make it sort all there is.
    fn walked(&self, month: Option<Month>, limit: Option<u64>) -> SelectStatement {
        match limit {
            Some(limit) => self.nearest_first(month, LIMIT, [limit]),
            None => self.nearest_first(month, "LIMIT (SELECT NULL::bigint)", []),
        }
    }

    /// The nearest change.
    pub(super) fn nearest(&self) -> SelectStatement {
        self.nearest_first(None, "LIMIT 1", [])
    }

    /// What is left in its order, by the index of its table where there is one.
    ///
    /// The order begins with the table, the table is a range of one name, and the name is hidden:
    /// otherwise PostgreSQL would walk through time, past all other tables, where its statistics
    /// say so.
    fn nearest_first(
        &self,
        month: Option<Month>,
        limit: &str,
        values: impl IntoIterator<Item = u64>,
    ) -> SelectStatement {
        let mut changes = self.changes(month);
        let mut order = Vec::new();
        if let Some(table) = self.filter.table_name() {
            order.push(Column::TableName);
            let name = || Expr::col(("c", "table_name"));
            let value = || Expr::cust_with_values("(SELECT $1::text)", [table]);
            let time = || Expr::col(("c", "captured_at"));
            changes
                .and_where(name().gte(value()))
                .and_where(name().lte(value()));
            if let Some((at, id)) = self.edge {
                let key = Expr::tuple([name(), time(), Expr::col(("c", "id"))]);
                let edge = Expr::tuple([value(), Expr::val(at), Expr::val(id)]);
                changes.and_where(self.way.is_behind(key, edge));
            }
            let place = || Expr::tuple([name(), time()]);
            if let Some(to) = self.filter.to {
                changes.and_where(place().lte(Expr::tuple([value(), Expr::val(to)])));
            }
            if let Some(since) = self.since(month) {
                changes.and_where(place().gte(Expr::tuple([value(), Expr::val(since)])));
            }
            if let Some(until) = self.until(month) {
                changes.and_where(place().lt(Expr::tuple([value(), Expr::val(until)])));
            }
        }
        if self.filter.record.is_none() {
            changes.expr(Expr::cust("c.tableoid"));
        }
        order.extend([Column::CapturedAt, Column::Id]);
        Query::select()
            .expr(Expr::cust("c.*"))
            .from_subquery(changes, "c")
            .and_where(self.nearest_of("c", &order, limit, values))
            .to_owned()
    }

    /// The end of a statement: its order and its limit, behind its last condition.
    fn nearest_of(
        &self,
        changes: &str,
        order: &[Column],
        limit: &str,
        values: impl IntoIterator<Item = u64>,
    ) -> Expr {
        let word = self.way.word();
        let column = |column: &Column| format!("{changes}.{} {word}", column.as_str());
        let order: Vec<_> = order.iter().map(column).collect();
        let values = values
            .into_iter()
            .map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let end = format!("true ORDER BY {} {limit}", order.join(", "));
        Expr::cust_with_values(end, values)
    }

    /// What the filter and, on the way back, the month leave of the past.
    fn since(&self, month: Option<Month>) -> Option<DateTime<Utc>> {
        let month = month.filter(|_| self.way == Way::Older);
        Ord::max(self.filter.from, month.map(|month| month.since))
    }

    /// Where the month ends on the way forth.
    fn until(&self, month: Option<Month>) -> Option<DateTime<Utc>> {
        let month = month.filter(|_| self.way == Way::Newer);
        month.map(|month| month.until)
    }

    /// The changes that are left, without order.
    fn changes(&self, month: Option<Month>) -> SelectStatement {
        let table = (
            Alias::new(schema::current().as_str()),
            Alias::new("audit_changes"),
        );
        let at = || Expr::col(("c", "captured_at"));
        let mut query = Query::select()
            .expr(Expr::cust("c.*"))
            .from_as(table, "c")
            .to_owned();
        if self.filter.record.is_some() {
            let stretch = Stretch {
                way: self.way,
                edge: self.edge,
                from: self.filter.from,
                to: self.filter.to,
            };
            return Query::select()
                .expr(Expr::cust("c.*"))
                .from_subquery(of_record(stretch, self.filter.scope.as_ref()), "c")
                .to_owned();
        }
        if let Some((time, id)) = self.edge {
            // The instant alone says which partitions lie on the other side.
            let key = Expr::tuple([at(), Expr::col(("c", "id"))]);
            let edge = Expr::tuple([Expr::val(time), Expr::val(id)]);
            query
                .and_where(self.way.is_not_ahead(at(), Expr::val(time)))
                .and_where(self.way.is_behind(key, edge));
        }
        if let Some(to) = self.filter.to {
            query.and_where(at().lte(to));
        }
        if let Some(since) = self.since(month) {
            query.and_where(at().gte(since));
        }
        if let Some(until) = self.until(month) {
            query.and_where(at().lt(until));
        }
        query
    }

    fn of_transaction(&self) -> SelectStatement {
        // The offset keeps PostgreSQL from taking another index.
        let mut query = self.changes(None);
        query.and_where(Expr::col(("c", "transaction_id")).eq(self.filter.transaction));
        query.offset(0).to_owned()
    }

    fn of_transactions(&self, month: Option<Month>) -> SelectStatement {
        let Some(key) = self.filter.key() else {
            return self.changes(month);
        };
        let mut ids = among(key, self.filter, month);
        if key == Key::Action {
            ids.distinct();
        }
        self.of_these(ids, month)
    }

    fn of_these(&self, ids: SelectStatement, month: Option<Month>) -> SelectStatement {
        let mut of_one = self.changes(month);
        of_one
            .and_where(Expr::col(("c", "transaction_id")).equals(("t", "id")))
            .offset(0);
        Query::select()
            .expr(Expr::cust("o.*"))
            .from_subquery(ids, "t")
            .join_lateral(JoinType::InnerJoin, of_one, "o", Expr::cust("true"))
            .to_owned()
    }
}

/// The ids of the transactions of the key, of all or of those that may have changes in the month.
/// The bounds are hidden: the key's own index has to find them, not that of the ids.
fn among(key: Key, filter: &Filter, month: Option<Month>) -> SelectStatement {
    let mut ids = key.ids(filter);
    if let Some(month) = month {
        let between = format!("{} BETWEEN (SELECT $1) AND (SELECT $2)", key.id_name());
        ids.and_where(Expr::cust_with_values(between, [month.low, month.high]));
    }
    ids
}
