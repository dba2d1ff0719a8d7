use minijinja::context;

use super::{
    MigrationSql,
    template::{SCHEMA_OBJECTS, pinned, render},
};
use crate::schema::SchemaName;

/// The audit schema: roles, tables, functions, protection and privileges.
///
/// `up` may run again over itself. `down` refuses while a table is audited, and while the trail
/// holds anything unless the session says that the evidence may be destroyed.
pub fn base_schema(schema: &SchemaName) -> MigrationSql {
    let up: Vec<_> = SCHEMA_OBJECTS
        .iter()
        .map(|(name, _)| render(name, schema, context! {}))
        .collect();
    MigrationSql {
        up: pinned(schema, &up.join("\n")),
        down: pinned(schema, &render("schema/drop", schema, context! {})),
    }
}
