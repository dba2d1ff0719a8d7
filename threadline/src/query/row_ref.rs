use sea_orm::{
    EntityName, EntityTrait, IdenStatic, Iterable, PrimaryKeyTrait,
    sea_query::{
        Alias, CommonTableExpression, Expr, ExprTrait, Func, IntoValueTuple, Query, SelectStatement,
    },
};

use crate::{
    codegen::{TableName, quote_ident},
    transaction::function,
};

/// The common table expression that holds one record's reference.
pub(crate) const ROW: &str = "threadline_row";

/// The entity's table as it stands in SQL.
pub(crate) fn quoted_name<E: EntityName>(entity: &E) -> String {
    quoted(entity.schema_name(), entity.table_name())
}

/// A table as it stands in SQL.
pub(super) fn quoted(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", quote_ident(schema), quote_ident(table)),
        None => quote_ident(table),
    }
}

/// How the record is referred to in the trail, worked out by the database: the key values pass
/// through the types of the key columns, as they did when they were captured.
pub(crate) fn row_ref<E: EntityTrait>(
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> CommonTableExpression {
    let mut key = Func::cust("jsonb_build_object");
    for (column, value) in E::PrimaryKey::iter().zip(id.into_value_tuple()) {
        key = key
            .arg(Expr::val(column.as_str()).cast_as("text"))
            .arg(typed(value));
    }
    row_ref_of(quoted_name(&E::default()), key)
}

/// As [`row_ref`], of a table by its quoted name and a key that is an expression of type `jsonb`.
pub(crate) fn row_ref_of(name: String, key: impl Into<Expr>) -> CommonTableExpression {
    let call = Func::cust(function("row_ref"))
        .arg(Expr::cust(format!("NULL::{name}")))
        .arg(name)
        .arg(key.into());
    let mut query = Query::select();
    query.expr(Expr::cust("*")).from_function(call, "r");
    cte(query)
}

/// As [`row_ref_of`], of a key as the trail has it: the table is not asked, and may be gone.
pub(super) fn recorded_ref(table: &TableName, key: impl Into<Expr>) -> CommonTableExpression {
    let text = |value: &str| Expr::val(value).cast_as("text");
    let key = key.into();
    let hash = |key: Expr| {
        Func::cust(function("row_key"))
            .arg(text(table.schema()))
            .arg(text(table.table()))
            .arg(key)
    };
    let mut query = Query::select();
    query
        .expr_as(hash(key.clone()), "row_key")
        .expr_as(hash(Expr::cust("'{}'::jsonb")), "marker_key")
        .expr_as(text(table.schema()), "table_schema")
        .expr_as(text(table.table()), "table_name")
        .expr_as(key, "table_pk");
    cte(query)
}

fn cte(query: SelectStatement) -> CommonTableExpression {
    let mut cte = CommonTableExpression::new();
    cte.table_name(ROW).query(query).materialized(true);
    cte
}

/// A parameter of `jsonb_build_object` needs a type.
fn typed(value: sea_orm::Value) -> Expr {
    match &value {
        sea_orm::Value::String(_) | sea_orm::Value::Char(_) => Expr::val(value).cast_as("text"),
        _ => Expr::val(value),
    }
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
