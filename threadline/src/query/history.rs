use sea_orm::{
    EntityTrait, PrimaryKeyTrait, QueryOrder, QuerySelect, Select,
    sea_query::{
        Alias, CommonTableExpression, Expr, Query, SelectStatement, UnionType, WithClause,
    },
};

use super::{
    row_ref::{ROW, row_ref},
    scope::{ChangeScope, holds_for, withheld_columns},
    search::Position,
};
use crate::{audited::Audited, entity::audit_change, schema};

/// The changes of one record and the markers that ended it, newest first.
pub(crate) fn history<E: Audited>(
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Select<audit_change::Entity> {
    history_of(row_ref::<E>(id), None, None)
}

/// As [`history`], of the record that the reference means, and only what is older than a position
/// and in the scope. A marker is in it where the change that it ended is.
///
/// Two ordered scans of the same index, merged: a page of a hot record reads a page, not the
/// record's whole history.
pub(crate) fn history_of(
    row: CommonTableExpression,
    before: Option<Position>,
    scope: Option<&ChangeScope>,
) -> Select<audit_change::Entity> {
    let markers = newest_first("m", ended_by_marker("m", scope), before);
    let own = Expr::cust(own_row("c"));
    let own = match scope {
        Some(scope) => Expr::cust_with_exprs("$1 AND $2", [own, holds_for(scope, "c")]),
        None => own,
    };
    let both = newest_first("c", own, before)
        .union(UnionType::All, markers)
        .to_owned();
    let mut select = audit_change::Entity::find()
        .order_by_desc(audit_change::Column::CapturedAt)
        .order_by_desc(audit_change::Column::Id);
    QuerySelect::query(&mut select)
        .from_clear()
        .from_subquery(both, Alias::new("audit_changes"))
        .with_cte(WithClause::new().cte(row).to_owned());
    match scope {
        Some(scope) => withheld_columns(scope, select),
        None => select,
    }
}

/// The changes that fulfil a condition, newest first.
///
/// PostgreSQL takes every record to have the average number of changes, for which it would read
/// all of them and sort. A limit that it can't foresee makes it plan for reading a tenth: then it
/// walks the index from the newest change on.
///
/// The position is asked for below the limit: above it, the scan would begin at the newest change.
fn newest_first(alias: &'static str, condition: Expr, before: Option<Position>) -> SelectStatement {
    let table = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_changes"),
    );
    let order =
        format!("ORDER BY {alias}.captured_at DESC, {alias}.id DESC LIMIT (SELECT NULL::bigint)");
    let condition = match before {
        None => Expr::cust_with_expr(format!("$1 {order}"), condition),
        Some((at, id)) => Expr::cust_with_exprs(
            format!("$1 AND ({alias}.captured_at, {alias}.id) < ($2, $3) {order}"),
            [condition, Expr::val(at), Expr::val(id)],
        ),
    };
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
