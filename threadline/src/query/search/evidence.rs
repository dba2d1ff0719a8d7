//! What is asked before a step is chosen. Every question counts no further than it pays.
//!
//! Limits that are always the same stand in the text: PostgreSQL takes a bound one for a tenth of
//! the table, and would make a new plan each time.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, JoinType,
    sea_query::{CommonTableExpression, Expr, Query, SelectStatement, WithClause},
};

use super::step::{Month, Steps};
use crate::{error::Result, query::filter::Key, schema};

/// The most transactions whose changes are read whatever their months.
pub(super) const FEW: i64 = 200;

/// What is known of the transactions of a key that may have changes in the month of the nearest
/// change that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// There is no change left.
    Nothing,
    /// So many.
    Month(Month, u64),
    /// More than pay to gather, or the month has no partition.
    Many,
}

/// Whether a key has few transactions in all.
pub(super) async fn are_few<C: ConnectionTrait>(
    steps: &Steps<'_>,
    key: Key,
    db: &C,
) -> Result<bool> {
    let ids = first(steps, key);
    let few: Option<i64> = match db.query_one(&counted(ids)).await? {
        Some(row) => Some(row.try_get("", "n")?),
        None => None,
    };
    Ok(few.is_some_and(|few| few <= FEW))
}

/// Asks for the month of the nearest change that is left, and for the transactions of the key there.
pub(super) async fn ask<C: ConnectionTrait>(
    steps: &Steps<'_>,
    key: Key,
    missing: u64,
    db: &C,
) -> Result<Evidence> {
    let Some(row) = db.query_one(&question(steps, key, missing)).await? else {
        return Ok(Evidence::Nothing);
    };
    let since: DateTime<Utc> = row.try_get("", "since")?;
    let until: DateTime<Utc> = row.try_get("", "until")?;
    let low: Option<i64> = row.try_get("", "low")?;
    let high: Option<i64> = row.try_get("", "high")?;
    let (Some(low), Some(high)) = (low, high) else {
        return Ok(Evidence::Many);
    };
    let found: i64 = row.try_get("", "found")?;
    let most: i64 = row.try_get("", "most")?;
    Ok(if found > most {
        Evidence::Many
    } else {
        let month = Month {
            since,
            until,
            low,
            high,
        };
        Evidence::Month(month, found.unsigned_abs())
    })
}

/// The ids of the key's transactions, and of one more than are few.
///
/// Bounds that PostgreSQL can't see make it take the key's own index, whatever it believes of the
/// key: read from the first transaction on, the few may be the last.
pub(super) fn first(steps: &Steps<'_>, key: Key) -> SelectStatement {
    let bounds = format!(
        "AND k.id BETWEEN (SELECT 0::bigint) AND (SELECT {}) LIMIT {FEW} + 1",
        i64::MAX
    );
    ids(steps, key, &bounds)
}

pub(super) fn ids(steps: &Steps<'_>, key: Key, condition: &str) -> SelectStatement {
    Query::select()
        .expr(Expr::cust("k.id"))
        .from_subquery(key.ids(steps.filter), "k")
        .and_where(Expr::cust(format!("true {condition}")))
        .to_owned()
}

pub(super) fn counted(ids: SelectStatement) -> SelectStatement {
    Query::select()
        .expr_as(Expr::cust("count(*)"), "n")
        .from_subquery(ids, "counted")
        .to_owned()
}

/// What is evaluated once, and only where it is asked for.
pub(super) fn cte(name: &'static str, query: &SelectStatement) -> CommonTableExpression {
    let mut cte = CommonTableExpression::new();
    cte.table_name(name)
        .query(query.to_owned())
        .materialized(true);
    cte
}

fn question(steps: &Steps<'_>, key: Key, missing: u64) -> SelectStatement {
    let changes = format!("{}.audit_changes", schema::current().quoted());
    let place = Query::select()
        .expr(Expr::cust(format!(
            "date_trunc('month', n.captured_at, 'UTC') AS since, \
             (date_trunc('month', n.captured_at AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC' AS until, \
             n.tableoid = '{changes}_default'::regclass AS unplaced"
        )))
        .from_subquery(steps.nearest(), "n")
        .to_owned();
    // The partition has the month's changes and no others, so that the first transaction of its
    // index is one of the month. The default partition has changes of any month.
    let first_in = |order: &str| {
        format!(
            "(SELECT b.transaction_id FROM {changes} b WHERE b.captured_at >= (SELECT since FROM threadline_place) \
             AND b.captured_at < (SELECT until FROM threadline_place) \
             AND EXISTS (SELECT FROM threadline_place WHERE NOT unplaced) ORDER BY b.transaction_id {order} LIMIT 1)"
        )
    };
    let span = Query::select()
        .expr(Expr::cust(format!("{} AS low", first_in("ASC"))))
        .expr(Expr::cust(format!("{} AS high", first_in("DESC"))))
        .to_owned();
    // Beyond that, walking and looking up costs less than gathering.
    let most = Query::select()
        .expr_as(
            Expr::cust_with_values(
                "ceil(sqrt($1::float8 * (s.high - s.low + 1)))::bigint",
                [i64::try_from(missing).unwrap_or(i64::MAX)],
            ),
            "most",
        )
        .from_as("threadline_span", "s")
        .to_owned();
    let found = ids(
        steps,
        key,
        "AND k.id BETWEEN (SELECT low FROM threadline_span) AND (SELECT high FROM threadline_span) \
         LIMIT (SELECT coalesce(most, 0) + 1 FROM threadline_most)",
    );
    let mut select = Query::select();
    select
        .expr(Expr::cust("p.since, p.until, s.low, s.high, m.most"))
        .expr_as(
            Expr::SubQuery(None, Box::new(counted(found).into())),
            "found",
        )
        .from_as("threadline_place", "p")
        .join_as(
            JoinType::LeftJoin,
            "threadline_span",
            "s",
            Expr::cust("true"),
        )
        .join_as(
            JoinType::LeftJoin,
            "threadline_most",
            "m",
            Expr::cust("true"),
        );
    select.with_cte(
        WithClause::new()
            .cte(cte("threadline_place", &place))
            .cte(cte("threadline_span", &span))
            .cte(cte("threadline_most", &most))
            .to_owned(),
    );
    select
}
