use super::{Finding, Fix, Severity, collect::Subject};
use crate::{
    codegen::{base_schema, rendered::schema_functions},
    health::function::part_that_differs,
};

/// Functions of the audit schema that are not what this library makes. Capture and protection rest
/// on them: an emptied `refuse_change` protects nothing.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let mut differing = Vec::new();
    let mut missing = Vec::new();
    for rendered in schema_functions(subject.schema) {
        let mut deployed = subject
            .state
            .functions
            .iter()
            .filter(|function| function.name == rendered.name)
            .peekable();
        if deployed.peek().is_none() {
            missing.push(rendered);
        } else if !deployed.any(|function| part_that_differs(function, &rendered).is_none()) {
            differing.push(rendered);
        }
    }
    if differing.is_empty() && missing.is_empty() {
        return Vec::new();
    }
    let names: Vec<_> = differing
        .iter()
        .chain(&missing)
        .map(|function| format!("`{}`", function.name))
        .collect();
    let message = format!(
        "functions of the audit schema are not those of this version of the library: {}; they were made by another version, or edited",
        names.join(", ")
    );
    // A function that was not there needs its owner and its privileges as well.
    let sql = if missing.is_empty() {
        let texts: Vec<_> = differing.into_iter().map(|function| function.sql).collect();
        texts.join("\n")
    } else {
        base_schema(subject.schema).up
    };
    vec![Finding::new(
        "schema-drift",
        Severity::Warning,
        message,
        Fix::Sql(sql),
    )]
}
