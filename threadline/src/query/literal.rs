//! Conditions whose values stand in the text of the statement.

use sea_orm::{
    ColumnTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};

use crate::{codegen::quote_literal, transaction::function};

/// The column has the value.
pub(crate) fn is<C: ColumnTrait>(column: C, value: Expr) -> Expr {
    Expr::col(column.as_column_ref()).eq(value)
}

/// A value in the text of the statement instead of a parameter.
///
/// Some tables, actors, correlation ids and actions have a third of all changes, others have ten.
/// After a few executions PostgreSQL may keep one plan for every value of a parameter: for one
/// kind it then walks the whole trail, for the other it sorts it.
pub(crate) fn literal(text: &str) -> Expr {
    Expr::cust(quote_literal(text))
}

/// The schema in which the connection's `search_path` finds a table.
pub(crate) fn found_schema(quoted_name: &str) -> Expr {
    let call = Func::cust(function("table_ref")).arg(quoted_name);
    let query = Query::select()
        .column(Alias::new("table_schema"))
        .from_function(call, "t")
        .to_owned();
    Expr::SubQuery(None, Box::new(query.into()))
}
