use chrono::{DateTime, Utc};
use sea_orm::{
    EntityTrait, PrimaryKeyTrait, QueryOrder, QuerySelect, Select,
    sea_query::{
        Alias, CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, UnionType,
        WithClause,
    },
};

use super::{
    row_ref::{ROW, row_ref},
    scope::{ChangeScope, holds_for},
    search::Position,
    way::Way,
};
use crate::{audited::Audited, entity::audit_change, schema};

/// The changes of one record and the markers that ended it, newest first.
pub(crate) fn history<E: Audited>(
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Select<audit_change::Entity> {
    history_of(row_ref::<E>(id))
}

fn history_of(row: CommonTableExpression) -> Select<audit_change::Entity> {
    let mut select = audit_change::Entity::find()
        .order_by_desc(audit_change::Column::CapturedAt)
        .order_by_desc(audit_change::Column::Id);
    QuerySelect::query(&mut select)
        .from_clear()
        .from_subquery(
            of_record(Stretch::default(), None),
            Alias::new("audit_changes"),
        )
        .with_cte(WithClause::new().cte(row).to_owned());
    select
}

/// A stretch of a record's history, and the way through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) way: Way,
    /// Everything up to here has been looked through.
    pub(super) edge: Option<Position>,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            way: Way::Older,
            edge: None,
            from: None,
            to: None,
        }
    }
}

/// The changes of the record, and the markers that ended it: in a scope, those that ended a change
/// in scope.
///
/// Two ordered scans of the same index, merged: a page of a hot record reads a page, not the
/// record's whole history.
pub(super) fn of_record(stretch: Stretch, scope: Option<&ChangeScope>) -> SelectStatement {
    let markers = nearest_first("m", ended_by_marker("m", scope), stretch);
    nearest_first("c", Expr::cust(own_row("c")), stretch)
        .union(UnionType::All, markers)
        .to_owned()
}

/// The changes that fulfil a condition, in their order on the way.
///
/// PostgreSQL takes every record to have the average number of changes, for which it would read
/// all of them and sort. A limit that it can't foresee makes it plan for reading a tenth: then it
/// walks the index from the nearest change on.
///
/// The stretch is asked for below the limit: above it, the scan would begin at the newest change.
fn nearest_first(alias: &'static str, condition: Expr, stretch: Stretch) -> SelectStatement {
    let table = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_changes"),
    );
    let at = || Expr::col((alias, "captured_at"));
    let place = || Expr::tuple([at(), Expr::col((alias, "id"))]);
    let bounds = [
        stretch.edge.map(|(time, id)| {
            let edge = Expr::tuple([Expr::val(time), Expr::val(id)]);
            stretch.way.is_behind(place(), edge)
        }),
        stretch.from.map(|from| at().gte(from)),
        stretch.to.map(|to| at().lte(to)),
    ];
    let bounds = bounds.into_iter().flatten().reduce(ExprTrait::and);
    let word = stretch.way.word();
    let condition = Expr::cust_with_exprs(
        format!(
            "$1 AND $2 ORDER BY {alias}.captured_at {word}, {alias}.id {word} LIMIT (SELECT NULL::bigint)"
        ),
        [condition, bounds.unwrap_or_else(|| Expr::cust("true"))],
    );
    let ordered = Query::select()
        .expr(Expr::cust(format!("{alias}.*")))
        .from_as(table, alias)
        .and_where(condition)
        .to_owned();
    Query::select()
        .expr(Expr::cust("o.*"))
        .from_subquery(ordered, "o")
        .to_owned()
}

/// The change is one of the record's own.
pub(crate) fn own_row(c: &str) -> String {
    format!(
        "{c}.row_key = (SELECT row_key FROM {ROW}) AND {c}.table_pk = (SELECT table_pk FROM {ROW}) \
         AND {c}.table_schema = (SELECT table_schema FROM {ROW}) AND {c}.table_name = (SELECT table_name FROM {ROW})"
    )
}

/// The change is a TRUNCATE of the record's table, or of the partition that held it, at a moment
/// when the record was there: a later one ended nothing. In a scope: where the change before it is.
pub(crate) fn ended_by_marker(m: &str, scope: Option<&ChangeScope>) -> Expr {
    let schema = schema::current().quoted();
    let own = own_row("p");
    let shown = scope.map_or_else(|| Expr::cust("true"), |scope| holds_for(scope, "p"));
    let condition = format!(
        "{m}.row_key = (SELECT marker_key FROM {ROW}) AND {m}.op = 'truncate' \
         AND {m}.table_schema = (SELECT table_schema FROM {ROW}) AND {m}.table_name = (SELECT table_name FROM {ROW}) \
         AND (SELECT p.op <> 'delete' AND coalesce({m}.partition_name = p.partition_name, true) AND $1 \
              AND NOT EXISTS (SELECT FROM {schema}.audit_changes e WHERE e.row_key = {m}.row_key AND e.op = 'truncate' \
                AND e.table_schema = {m}.table_schema AND e.table_name = {m}.table_name \
                AND coalesce(e.partition_name = p.partition_name, true) \
                AND (e.captured_at, e.id) > (p.captured_at, p.id) AND (e.captured_at, e.id) < ({m}.captured_at, {m}.id)) \
              FROM {schema}.audit_changes p \
              WHERE {own} AND (p.captured_at, p.id) < ({m}.captured_at, {m}.id) ORDER BY p.captured_at DESC, p.id DESC LIMIT 1)"
    );
    Expr::cust_with_expr(condition, shown)
}
