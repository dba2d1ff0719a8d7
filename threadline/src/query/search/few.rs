//! The changes of a key that has few transactions and the question whether it has, as one statement.

use sea_orm::{
    FromQueryResult, JoinType, QueryResult, QueryTrait,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, WithClause},
};

use super::{
    evidence::{FEW, counted, cte, first, ids as ids_of},
    step::{Step, Steps},
};
use crate::{
    entity::{audit_change, audit_change::Column},
    error::Result,
    query::{filter::Key, scope::withheld_columns, way::Way},
    schema,
};

/// How many transactions next to the edge are looked at to see whether a key is busy there.
const NEAR: i64 = 1_000;
/// So many of them are a busy key's.
const BUSY: i64 = NEAR / 10;

/// What a row says beside its change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    /// The key has more than a few.
    pub(super) are_many: bool,
    /// It has a tenth of the transactions next to the edge. This only chooses a step.
    pub(super) is_busy: bool,
}

impl Answer {
    pub(super) fn read(row: &QueryResult) -> Result<Self> {
        let near: Option<i64> = row.try_get("", "threadline:near")?;
        Ok(Self {
            are_many: row.try_get("", "threadline:many")?,
            is_busy: near.is_some_and(|near| near >= BUSY),
        })
    }
}

/// The change of a row, if it has one.
pub(super) fn change(row: &QueryResult) -> Result<Option<audit_change::Model>> {
    let id: Option<i64> = row.try_get("", "id")?;
    let change = id.map(|_| audit_change::Model::from_query_result(row, ""));
    Ok(change.transpose()?)
}

/// The changes of few transactions, nearest first, each with the answer; one row without a change
/// where there are none, or more transactions than a few.
pub(super) fn statement(steps: &Steps<'_>, key: Key, missing: u64) -> SelectStatement {
    let select = steps.select(Step::Few, missing);
    let select = match &steps.filter.scope {
        Some(scope) => withheld_columns(scope, select),
        None => select,
    };
    let count = Query::select()
        .expr_as(Expr::cust(format!("count(*) > {FEW}")), "many")
        .from("threadline_few")
        .to_owned();
    let mut ctes = WithClause::new()
        .cte(cte("threadline_few", &first(steps, key)))
        .cte(cte("threadline_many", &count))
        .to_owned();
    let near = match edge(steps) {
        Some(edge) => {
            ctes.cte(cte("threadline_edge", &edge));
            near(steps, key)
        }
        None => Expr::cust("NULL::bigint"),
    };
    let mut select = select.into_query();
    select
        .expr_as(Expr::cust("m.many"), "threadline:many")
        .expr_as(near, "threadline:near")
        .join_as(
            JoinType::RightJoin,
            "threadline_many",
            "m",
            Expr::cust("true"),
        )
        .with_cte(ctes)
        .to_owned()
}

/// The ids of the few; none where there are more.
pub(super) fn ids(key: Option<Key>) -> SelectStatement {
    let mut ids = Query::select();
    ids.column("id")
        .from("threadline_few")
        .and_where(Expr::cust("(SELECT NOT many FROM threadline_many)"));
    if key == Some(Key::Action) {
        ids.distinct();
    }
    ids
}

/// The transaction at the edge. `None` where it is not known, or where there is more to fulfil than
/// the key.
fn edge(steps: &Steps<'_>) -> Option<SelectStatement> {
    if !steps.filter.is_key_alone() {
        return None;
    }
    let table = |name: &'static str| (Alias::new(schema::current().as_str()), Alias::new(name));
    let mut edge = Query::select();
    match steps.edge {
        Some((at, id)) => edge
            .expr_as(Expr::col(Column::TransactionId), "id")
            .from(table("audit_changes"))
            .and_where(Expr::col(Column::CapturedAt).eq(at))
            .and_where(Expr::col(Column::Id).eq(id)),
        None if steps.way == Way::Older && steps.filter.to.is_none() => edge
            .expr_as(Expr::cust("max(id)"), "id")
            .from(table("audit_transactions")),
        None => return None,
    };
    Some(edge)
}

/// How many of the transactions next to the edge are those of a key that has many, no further than
/// it matters.
fn near(steps: &Steps<'_>, key: Key) -> Expr {
    let (low, high) = match steps.way {
        Way::Older => (-NEAR, 0),
        Way::Newer => (0, NEAR),
    };
    let bounds = format!(
        "AND k.id BETWEEN (SELECT id + {low} FROM threadline_edge) AND (SELECT id + {high} FROM threadline_edge) \
         LIMIT {BUSY}"
    );
    let near = counted(ids_of(steps, key, &bounds));
    Expr::case(
        Expr::cust("m.many"),
        Expr::SubQuery(None, Box::new(near.into())),
    )
    .into()
}
