use minijinja::{Value, context};

use super::template::render;
use crate::schema::SchemaName;

/// A statement of `templates/sql/health`.
pub(crate) fn health_sql(name: &str, schema: &SchemaName) -> String {
    health_sql_with(name, schema, context! {})
}

/// A statement of `templates/sql/health` that speaks of more than the audit schema.
pub(crate) fn health_sql_with(name: &str, schema: &SchemaName, more: Value) -> String {
    render(&format!("health/{name}"), schema, more)
}
