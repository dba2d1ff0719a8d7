use minijinja::context;

use super::{
    MigrationSql,
    template::{pinned, render},
};
use crate::schema::SchemaName;

/// The objects of the audit schema, in the order in which they need one another.
const OBJECTS: [&str; 17] = [
    "schema/roles",
    "schema/tables",
    "schema/row_key",
    "schema/append_only",
    "schema/partitions",
    "schema/read_context",
    "schema/recall_transaction",
    "schema/own_transaction",
    "schema/begin_transaction",
    "schema/current_transaction",
    "schema/set_context",
    "schema/record_action",
    "schema/exact_values",
    "schema/place_late",
    "schema/drift",
    "schema/references",
    "schema/privileges",
];

/// The audit schema: roles, tables, functions, protection and privileges.
///
/// `up` may run again over itself. `down` refuses while a table is audited, and while the trail
/// holds anything unless the session says that the evidence may be destroyed.
pub fn base_schema(schema: &SchemaName) -> MigrationSql {
    let up: Vec<_> = OBJECTS
        .iter()
        .map(|name| render(name, schema, context! {}))
        .collect();
    MigrationSql {
        up: pinned(schema, &up.join("\n")),
        down: pinned(schema, &render("schema/drop", schema, context! {})),
    }
}
