use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, StreamTrait,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};
use serde::Serialize;

use super::{
    page::MAX_PAGE_SIZE,
    scope::{ChangeScope, looked_through, standings, withheld_columns},
    timeline::Count,
    within::Within,
};
use crate::{
    entity::{
        audit_action,
        audit_change::{self, Op},
        audit_transaction,
    },
    error::Result,
    schema,
};

/// The most transactions that are summed up at once.
pub const MAX_SUMMARIES: usize = 1_000;

/// Sums up transactions, for lists of them: the context, the actions, and how many rows of which
/// tables changed. Three statements, whatever their number; the first [`MAX_SUMMARIES`] ids count.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::transaction_summaries;
///
/// for summary in transaction_summaries([7, 8]).fetch(db).await? {
///     println!("{}: {} changes", summary.transaction.id, summary.changes.value);
/// }
/// # Ok(()) }
/// ```
pub fn transaction_summaries(ids: impl IntoIterator<Item = i64>) -> TransactionSummaries {
    let mut seen = Vec::new();
    for id in ids.into_iter().take(MAX_SUMMARIES) {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    TransactionSummaries {
        ids: seen,
        scope: None,
        changes: 1_000,
        actions: 20,
        samples: 0,
    }
}

/// A query for the summaries of transactions; see [`transaction_summaries`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct TransactionSummaries {
    ids: Vec<i64>,
    scope: Option<ChangeScope>,
    changes: u64,
    actions: u64,
    samples: u64,
}

/// A transaction in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransactionSummary {
    /// The transaction and its context.
    pub transaction: audit_transaction::Model,
    /// What the application recorded, in order.
    pub actions: Vec<audit_action::Model>,
    /// Whether it recorded more than that.
    pub more_actions: bool,
    /// How many changes it has.
    pub changes: Count,
    /// Of which tables they are, by schema and name. Where the count is capped, of those counted.
    pub tables: Vec<TableChanges>,
    /// Some of the changes, in order; see [`TransactionSummaries::samples`].
    pub samples: Vec<audit_change::Model>,
}

/// How often rows of one table changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableChanges {
    /// The schema of the table.
    pub table_schema: String,
    /// The table.
    pub table_name: String,
    /// Rows that appeared.
    pub inserts: u64,
    /// Changes of rows.
    pub updates: u64,
    /// Rows that disappeared one by one.
    pub deletes: u64,
    /// Times that every row disappeared.
    pub truncates: u64,
}

impl TransactionSummaries {
    /// Only transactions with a change in the scope, of which only those count. Of each, 10,000
    /// changes are looked through; the count of one that has more is capped. Default: all.
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.scope = Some(scope.clone());
        self
    }

    /// Sets how many changes of each transaction are counted at most. Default: 1000.
    pub fn changes_cap(mut self, cap: u64) -> Self {
        self.changes = cap.clamp(1, i64::MAX.unsigned_abs() - 1);
        self
    }

    /// Sets how many actions of each transaction are given at most. Default: 20.
    pub fn actions_cap(mut self, cap: u64) -> Self {
        self.actions = cap.clamp(1, i64::MAX.unsigned_abs() - 1);
        self
    }

    /// Sets how many changes of each transaction are given as samples. Of a transaction that has no
    /// more than that they are all, of others any. Default: none.
    pub fn samples(mut self, number: u64) -> Self {
        self.samples = Ord::min(number, MAX_PAGE_SIZE);
        self
    }

    /// Reads the summaries, in the order of the ids. An id without a transaction, or without one in
    /// scope, has none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<TransactionSummary>> {
        let mut summaries = self.without_samples(db).await?;
        if self.samples > 0 && !summaries.is_empty() {
            let samples = self.samples_of(&summaries).all(db).await?;
            add_samples(&mut summaries, samples);
        }
        Ok(summaries)
    }

    /// As [`fetch`](Self::fetch), and the samples end where their images fill so many bytes: then
    /// older transactions have fewer samples or none, and their count says how many changes there
    /// are. One sample is given at least, however large that is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Vec<TransactionSummary>> {
        let mut summaries = self.without_samples(db).await?;
        if self.samples > 0 && !summaries.is_empty() {
            let mut within = Within::new(bytes);
            within.read(self.samples_of(&summaries), db).await?;
            add_samples(&mut summaries, within.changes);
        }
        Ok(summaries)
    }

    async fn without_samples<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<TransactionSummary>> {
        if self.ids.is_empty() {
            return Ok(Vec::new());
        }
        let standings = match &self.scope {
            Some(scope) => Some(standings(scope, &self.ids, db).await?),
            None => None,
        };
        let ids: Vec<_> = self
            .ids
            .iter()
            .copied()
            .filter(|id| {
                standings
                    .as_ref()
                    .is_none_or(|known| known.contains_key(id))
            })
            .collect();
        let mut found: HashMap<_, _> = audit_transaction::Entity::find()
            .filter(audit_transaction::Column::Id.is_in(ids.iter().copied()))
            .all(db)
            .await?
            .into_iter()
            .map(|transaction| (transaction.id, transaction))
            .collect();
        let mut actions = self.read_actions(&ids, db).await?;
        let mut counts = self.read_counts(&ids, db).await?;
        let summary = |id: i64| {
            let mut transaction = found.remove(&id)?;
            let mut actions = actions.remove(&id).unwrap_or_default();
            let more_actions = actions.len() as u64 > self.actions;
            actions.truncate(usize::try_from(self.actions).unwrap_or(usize::MAX));
            let standing = standings.as_ref().and_then(|known| known.get(&id));
            if let Some(standing) = standing {
                standing.withhold(&mut transaction, &mut actions);
            }
            let tables = counts.remove(&id).unwrap_or_default();
            let n: u64 = tables.iter().map(TableChanges::all).sum();
            Some(TransactionSummary {
                transaction,
                actions,
                more_actions,
                changes: Count {
                    value: Ord::min(n, self.changes),
                    capped: n > self.changes || standing.is_some_and(|standing| standing.has_more),
                },
                tables,
                samples: Vec::new(),
            })
        };
        Ok(ids.into_iter().filter_map(summary).collect())
    }

    async fn read_actions<C: ConnectionTrait>(
        &self,
        ids: &[i64],
        db: &C,
    ) -> Result<HashMap<i64, Vec<audit_action::Model>>> {
        let mut by_transaction: HashMap<i64, Vec<audit_action::Model>> = HashMap::new();
        for action in self.actions_of(ids).all(db).await? {
            let actions = by_transaction.entry(action.transaction_id).or_default();
            actions.push(action);
        }
        Ok(by_transaction)
    }

    /// The actions of each transaction, one more than is given of it.
    fn actions_of(&self, ids: &[i64]) -> sea_orm::Select<audit_action::Entity> {
        let some = first_of("audit_actions", "ORDER BY audit_actions.id", self.actions);
        let some = of_each(ids, some);
        let mut select = audit_action::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_subquery(some, Alias::new("audit_actions"))
            .order_by_expr(Expr::cust("audit_actions.id"), sea_orm::Order::Asc);
        select
    }

    async fn read_counts<C: ConnectionTrait>(
        &self,
        ids: &[i64],
        db: &C,
    ) -> Result<HashMap<i64, Vec<TableChanges>>> {
        let mut by_transaction: HashMap<i64, BTreeMap<(String, String), TableChanges>> =
            HashMap::new();
        for row in db.query_all(&self.counts_of(ids)).await? {
            let row = Counted::from_query_result(&row, "")?;
            let key = (row.table_schema.clone(), row.table_name.clone());
            let tables = by_transaction.entry(row.transaction_id).or_default();
            let table = tables.entry(key).or_insert_with(|| TableChanges {
                table_schema: row.table_schema,
                table_name: row.table_name,
                ..TableChanges::default()
            });
            *table.of(row.op) += row.n.unsigned_abs();
        }
        let tables = by_transaction.into_iter();
        Ok(tables
            .map(|(id, tables)| (id, tables.into_values().collect()))
            .collect())
    }

    /// Some changes of each transaction, newest first.
    fn samples_of(
        &self,
        summaries: &[TransactionSummary],
    ) -> sea_orm::Select<audit_change::Entity> {
        let ids: Vec<_> = summaries.iter().map(|of| of.transaction.id).collect();
        let some = of_each(&ids, self.first_changes(self.samples - 1));
        let mut select = audit_change::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_subquery(some, Alias::new("audit_changes"));
        let select = match &self.scope {
            Some(scope) => withheld_columns(scope, select),
            None => select,
        };
        select
            .order_by_desc(audit_change::Column::CapturedAt)
            .order_by_desc(audit_change::Column::Id)
    }

    /// The first changes of a transaction `t` that count, one more than `cap`.
    fn first_changes(&self, cap: u64) -> SelectStatement {
        let Some(scope) = &self.scope else {
            return first_of("audit_changes", "", cap);
        };
        Query::select()
            .expr(Expr::cust("audit_changes.*"))
            .from_subquery(looked_through("t"), "audit_changes")
            .and_where(Expr::cust_with_expr(
                format!("$1 LIMIT {}", cap.saturating_add(1)),
                scope.holds(),
            ))
            .to_owned()
    }

    /// How often each op was done to each table in each transaction.
    fn counts_of(&self, ids: &[i64]) -> SelectStatement {
        let some = of_each(ids, self.first_changes(self.changes));
        Query::select()
            .expr(Expr::cust(
                "s.transaction_id, s.table_schema, s.table_name, s.op, count(*) AS n",
            ))
            .from_subquery(some, "s")
            .and_where(Expr::cust(
                "true GROUP BY s.transaction_id, s.table_schema, s.table_name, s.op",
            ))
            .to_owned()
    }
}

/// Gives the transactions their samples, which come newest first.
fn add_samples(summaries: &mut [TransactionSummary], samples: Vec<audit_change::Model>) {
    let places = summaries.iter().enumerate();
    let places: HashMap<_, _> = places.map(|(at, of)| (of.transaction.id, at)).collect();
    for change in samples.into_iter().rev() {
        if let Some(&place) = places.get(&change.transaction_id) {
            summaries[place].samples.push(change);
        }
    }
}

/// The first rows of a transaction `t`, one more than `cap`. The limit is in the text: PostgreSQL takes
/// a bound one for a tenth of the table.
fn first_of(table: &'static str, order: &str, cap: u64) -> SelectStatement {
    Query::select()
        .expr(Expr::cust(format!("{table}.*")))
        .from((Alias::new(schema::current().as_str()), Alias::new(table)))
        .and_where(Expr::cust(format!(
            "{table}.transaction_id = t.id {order} LIMIT {}",
            cap.saturating_add(1)
        )))
        .to_owned()
}

/// These rows of each transaction `t`.
fn of_each(ids: &[i64], of_one: SelectStatement) -> SelectStatement {
    let transactions = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_transactions"),
    );
    Query::select()
        .expr(Expr::cust("o.*"))
        .from_as(transactions, "t")
        .join_lateral(JoinType::InnerJoin, of_one, "o", Expr::cust("true"))
        .and_where(Expr::col(("t", "id")).is_in(ids.iter().copied()))
        .to_owned()
}

#[derive(FromQueryResult)]
struct Counted {
    transaction_id: i64,
    table_schema: String,
    table_name: String,
    op: Op,
    n: i64,
}

impl TableChanges {
    fn all(&self) -> u64 {
        self.inserts + self.updates + self.deletes + self.truncates
    }

    fn of(&mut self, op: Op) -> &mut u64 {
        match op {
            Op::Insert => &mut self.inserts,
            Op::Update => &mut self.updates,
            Op::Delete => &mut self.deletes,
            Op::Truncate => &mut self.truncates,
        }
    }
}
