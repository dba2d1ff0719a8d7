//! Whether the capture functions are what was generated, and what this library would generate. Pure.

use super::{
    difference::Difference,
    state::{Function, State},
};
use crate::{
    codegen::{
        TableName, TableSpec,
        rendered::{RenderedFunction, capture_functions},
    },
    schema::SchemaName,
};

/// The specification that the deployed function of a table says it was made from.
pub(super) fn deployed(state: &State, table: &TableName) -> Option<TableSpec> {
    let meant = state.function(&table.object("capture"))?.meant()?;
    (meant.spec.name == *table).then_some(meant.spec)
}

/// How the functions of a captured table differ.
///
/// The comment signs the body of the capture function: a body that the comment does not sign was
/// edited. One that it signs and that this library would not make comes from another version. The
/// rest has no signature: where the body is current, it has to be what this library makes.
pub(super) fn differences(
    schema: &SchemaName,
    state: &State,
    table: &TableName,
) -> Vec<Difference> {
    let edited = |function: &str, part| {
        vec![Difference::EditedFunction {
            function: function.to_owned(),
            part,
        }]
    };
    let Some(capture) = state.function(&table.object("capture")) else {
        return Vec::new();
    };
    let Some(meant) = capture.meant().filter(|meant| meant.spec.name == *table) else {
        return edited(&capture.name, "comment");
    };
    if meant.body != capture.body || capture.language != "plpgsql" {
        return edited(&capture.name, "body");
    }
    let Ok(rendered) = capture_functions(schema, &meant.spec) else {
        return edited(&capture.name, "comment");
    };
    let current = rendered
        .iter()
        .any(|function| function.name == capture.name && function.body == capture.body);
    if !current {
        return vec![Difference::OutdatedFunction {
            function: capture.name.clone(),
        }];
    }
    rendered
        .iter()
        .filter_map(|rendered| {
            let function = state.function(&rendered.name)?;
            let part = part_that_differs(function, rendered)?;
            Some(Difference::EditedFunction {
                function: function.name.clone(),
                part,
            })
        })
        .collect()
}

/// The part in which a function is not what was rendered.
pub(super) fn part_that_differs(
    function: &Function,
    rendered: &RenderedFunction,
) -> Option<&'static str> {
    if function.body != rendered.body {
        return Some("body");
    }
    let same = function.settings == rendered.settings
        && function.security_definer == rendered.security_definer;
    (!same).then_some("attributes")
}
