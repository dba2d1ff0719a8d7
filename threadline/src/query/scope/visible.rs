//! The expressions by which a read is narrowed.

use sea_orm::{
    ColumnTrait, IdenStatic, Iterable, JoinType, QuerySelect, Select,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::ChangeScope;
use crate::{
    entity::audit_change::{self, Column},
    schema,
};

/// That the change of this alias is in scope. The alias may be of anything with the columns of a
/// change.
pub(crate) fn holds_for(scope: &ChangeScope, alias: &str) -> Expr {
    let row = Query::select()
        .expr(Expr::cust(format!("{alias}.*")))
        .to_owned();
    holds_of(scope, row)
}

/// That a row with the columns of a change is in scope.
fn holds_of(scope: &ChangeScope, row: SelectStatement) -> Expr {
    let query = Query::select()
        .expr(scope.holds())
        .from_subquery(row, Alias::new("audit_changes"))
        .to_owned();
    Expr::SubQuery(None, Box::new(query.into()))
}

/// The columns of the changes, without what they tell of other rows: an update that brought a row
/// into the scope has no previous values, and a changed key no other key if that is out of scope.
/// Where the row came from is judged by the row before the update and by the change before it: of a
/// column that the policy excepts, the update itself does not say what it was.
///
/// The columns are read once, from the row `audit_changes`.
pub(crate) fn withheld_columns(
    scope: &ChangeScope,
    select: Select<audit_change::Entity>,
) -> Select<audit_change::Entity> {
    let shown = |column: Column, if_any: Expr| {
        let value = column.select_as(Expr::col(column.as_column_ref()));
        Expr::Case(Box::new(
            Expr::case(if_any, value).finally(Expr::cust("NULL")),
        ))
    };
    let mut select = select.select_only();
    for column in Column::iter() {
        select = match column {
            Column::ChangedFrom => {
                select.column_as(shown(column, before_is_shown(scope)), "changed_from")
            }
            Column::LinkedPk => select.column_as(shown(column, link_is_shown(scope)), "linked_pk"),
            _ => select.column(column),
        };
    }
    select
}

/// That the row before the update was in scope, as far as the trail knows it. A changed column
/// whose previous value was not recorded is taken out of the row.
fn before_is_shown(scope: &ChangeScope) -> Expr {
    let mut row = Query::select();
    for column in Column::iter() {
        let before = match column {
            Column::TablePk => "coalesce(audit_changes.linked_pk, audit_changes.table_pk)",
            Column::DataAfter => {
                "(audit_changes.data_after - coalesce(audit_changes.changed_fields, '{}')) \
                 || audit_changes.changed_from || coalesce(audit_changes.linked_pk, '{}')"
            }
            _ => {
                row.expr(Expr::col(column.as_column_ref()));
                continue;
            }
        };
        row.expr_as(Expr::cust(before), column.as_str());
    }
    let none = Expr::col(Column::ChangedFrom.as_column_ref()).is_null();
    let moved_here = Expr::case(
        holds_of(scope, row),
        Func::coalesce([change_before_is_shown(scope), Expr::cust("true")]),
    );
    none.or(Expr::Case(Box::new(
        moved_here.finally(Expr::cust("false")),
    )))
}

/// That the change of the row before this one is in scope; NULL where there is none.
fn change_before_is_shown(scope: &ChangeScope) -> Expr {
    let schema = schema::current().quoted();
    let before = Query::select()
        .expr(Expr::cust("o.*"))
        .from_as(
            (Alias::new(schema::current().as_str()), Alias::new("audit_changes")),
            "o",
        )
        .and_where(Expr::cust(format!(
            "o.row_key = CASE WHEN k.linked_pk IS NULL THEN k.row_key ELSE {schema}.row_key(k.table_schema, k.table_name, k.linked_pk) END \
             AND o.table_pk = coalesce(k.linked_pk, k.table_pk) AND o.table_schema = k.table_schema AND o.table_name = k.table_name \
             AND o.captured_at <= k.captured_at AND (o.captured_at, o.id) < (k.captured_at, k.id) \
             ORDER BY o.captured_at DESC, o.id DESC LIMIT 1"
        )))
        .to_owned();
    of_other_change(scope, before)
}

/// That the change under the other key is in scope.
fn link_is_shown(scope: &ChangeScope) -> Expr {
    let schema = schema::current().quoted();
    let other = Query::select()
        .expr(Expr::cust("o.*"))
        .from_as(
            (Alias::new(schema::current().as_str()), Alias::new("audit_changes")),
            "o",
        )
        .and_where(Expr::cust(format!(
            "o.row_key = {schema}.row_key(k.table_schema, k.table_name, k.linked_pk) AND o.transaction_id = k.transaction_id \
             AND o.table_schema = k.table_schema AND o.table_name = k.table_name \
             AND o.table_pk = k.linked_pk AND o.linked_pk = k.table_pk"
        )))
        .to_owned();
    let none = Expr::col(Column::LinkedPk.as_column_ref()).is_null();
    none.or(of_other_change(scope, other))
}

/// Whether another change is in scope, which is found from this one, `k`. NULL where it is not there.
fn of_other_change(scope: &ChangeScope, other: SelectStatement) -> Expr {
    // Under another name: inside, `audit_changes` is the other change.
    let this = Query::select()
        .expr(Expr::cust("audit_changes.*"))
        .to_owned();
    let judged = Query::select()
        .expr(Expr::cust_with_expr("bool_or($1)", scope.holds()))
        .from_subquery(this, "k")
        .join_lateral(
            JoinType::InnerJoin,
            other,
            Alias::new("audit_changes"),
            Expr::cust("true"),
        )
        .to_owned();
    Expr::SubQuery(None, Box::new(judged.into()))
}
