use std::collections::BTreeSet;

use super::{Finding, Fix, Severity, collect::Subject};
use crate::codegen::rendered::schema_functions;

/// Capture functions that no trigger uses: their table was dropped or renamed, or its triggers were.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let own: BTreeSet<_> = schema_functions(subject.schema)
        .into_iter()
        .map(|function| function.name)
        .collect();
    let used: BTreeSet<_> = subject
        .state
        .tables
        .values()
        .flat_map(|table| {
            let leaves = table.leaves.iter().flat_map(|leaf| &leaf.triggers);
            table.triggers.iter().chain(leaves)
        })
        .filter(|trigger| trigger.function_schema == subject.schema.as_str())
        .map(|trigger| trigger.function.as_str())
        .collect();
    // A captured table has both functions, even where one of its triggers is gone.
    let kept: BTreeSet<_> = subject
        .state
        .tables
        .values()
        .filter(|table| !table.triggers.is_empty())
        .flat_map(|table| [table.name.object("capture"), table.name.object("truncate")])
        .collect();
    let functions = subject.state.functions.iter();
    functions
        .filter(|function| {
            function.is_trigger
                && !own.contains(&function.name)
                && !used.contains(function.name.as_str())
                && !kept.contains(&function.name)
        })
        .map(|function| {
            let of = match function.meant() {
                Some(meant) => format!(", made for `{}`", meant.spec.name),
                None => String::new(),
            };
            let message = format!("no trigger uses the function {}{of}", function.signature);
            let fix = Fix::Sql(format!("DROP FUNCTION {};", function.signature));
            Finding::new("orphaned-function", Severity::Info, message, fix)
        })
        .collect()
}
