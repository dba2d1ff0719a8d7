use sea_orm::{
    EntityTrait, PrimaryKeyTrait, QueryOrder, QuerySelect, Select, Value,
    sea_query::{
        Alias, CommonTableExpression, Expr, Query, SelectStatement, UnionType, WithClause,
    },
};

use super::{
    row_ref::{ROW, row_ref},
    search::Position,
};
use crate::{audited::Audited, entity::audit_change, schema};

/// The changes of one record and the markers that ended it, newest first.
pub(crate) fn history<E: Audited>(
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Select<audit_change::Entity> {
    history_of(row_ref::<E>(id), None)
}

/// As [`history`], of the record that the reference means, and only what is older than a position.
///
/// Two ordered scans of the same index, merged: a page of a hot record reads a page, not the
/// record's whole history.
pub(crate) fn history_of(
    row: CommonTableExpression,
    before: Option<Position>,
) -> Select<audit_change::Entity> {
    let markers = newest_first("m", &ended_by_marker("m"), before);
    let both = newest_first("c", &own_row("c"), before)
        .union(UnionType::All, markers)
        .to_owned();
    let mut select = audit_change::Entity::find()
        .order_by_desc(audit_change::Column::CapturedAt)
        .order_by_desc(audit_change::Column::Id);
    QuerySelect::query(&mut select)
        .from_clear()
        .from_subquery(both, Alias::new("audit_changes"))
        .with_cte(WithClause::new().cte(row).to_owned());
    select
}

/// The changes that fulfil a condition, newest first.
///
/// PostgreSQL takes every record to have the average number of changes, for which it would read
/// all of them and sort. A limit that it can't foresee makes it plan for reading a tenth: then it
/// walks the index from the newest change on.
///
/// The position is asked for below the limit: above it, the scan would begin at the newest change.
fn newest_first(alias: &'static str, condition: &str, before: Option<Position>) -> SelectStatement {
    let table = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_changes"),
    );
    let order =
        format!("ORDER BY {alias}.captured_at DESC, {alias}.id DESC LIMIT (SELECT NULL::bigint)");
    let condition = match before {
        None => Expr::cust(format!("{condition} {order}")),
        Some((at, id)) => Expr::cust_with_values(
            format!("{condition} AND ({alias}.captured_at, {alias}.id) < ($1, $2) {order}"),
            [Value::from(at), Value::from(id)],
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
/// when the record was there: a later one ended nothing.
pub(crate) fn ended_by_marker(m: &str) -> String {
    let schema = schema::current().quoted();
    let own = own_row("p");
    format!(
        "{m}.row_key = (SELECT marker_key FROM {ROW}) AND {m}.op = 'truncate' \
         AND {m}.table_schema = (SELECT table_schema FROM {ROW}) AND {m}.table_name = (SELECT table_name FROM {ROW}) \
         AND (SELECT p.op <> 'delete' AND coalesce({m}.partition_name = p.partition_name, true) \
              AND NOT EXISTS (SELECT FROM {schema}.audit_changes e WHERE e.row_key = {m}.row_key AND e.op = 'truncate' \
                AND e.table_schema = {m}.table_schema AND e.table_name = {m}.table_name \
                AND coalesce(e.partition_name = p.partition_name, true) \
                AND (e.captured_at, e.id) > (p.captured_at, p.id) AND (e.captured_at, e.id) < ({m}.captured_at, {m}.id)) \
              FROM {schema}.audit_changes p \
              WHERE {own} AND (p.captured_at, p.id) < ({m}.captured_at, {m}.id) ORDER BY p.captured_at DESC, p.id DESC LIMIT 1)"
    )
}
