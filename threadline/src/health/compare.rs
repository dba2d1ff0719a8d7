//! What is deployed against what is declared and what this library would make. Pure.

use super::{
    declared::DeclaredTable,
    difference::Difference,
    function, policy,
    state::{Shape, State, TableState},
    trigger,
};
use crate::{codegen::ColumnSpec, policy::CaptureLevel, schema::SchemaName};

/// Every difference of one table, the gaps of its capture first.
///
/// A table that nobody declared is compared with its own function only.
pub(super) fn compare(
    schema: &SchemaName,
    state: &State,
    table: &TableState,
    declared: Option<&DeclaredTable>,
) -> Vec<Difference> {
    let mut found = trigger::differences(schema, state, table);
    let captured = !found.contains(&Difference::NotCaptured);
    if captured {
        found.extend(function::differences(schema, state, &table.name));
    }
    let deployed = captured
        .then(|| function::deployed(state, &table.name))
        .flatten();
    let by_statement = deployed
        .as_ref()
        .is_some_and(|spec| spec.policy.capture == CaptureLevel::Statement);
    if by_statement && table.inherits {
        found.push(Difference::Inherits);
    }
    if by_statement && table.twice {
        found.push(Difference::ChangedTwice);
    }
    match &table.shape {
        Some(Shape::Known { columns, key }) => {
            if let Some(spec) = &deployed {
                let redacted = [spec.policy.exclude.as_slice(), &spec.policy.mask].concat();
                found.extend(column_differences(&spec.columns, columns, &redacted));
                if spec.key != *key {
                    found.push(Difference::KeyDrift {
                        deployed: spec.key.clone(),
                        table: key.clone(),
                    });
                }
            }
            if let Some(declared) = declared {
                found.extend(policy::unfit(declared, columns, key));
            }
        }
        Some(Shape::NoKey { columns, reason }) => found.push(Difference::NoKey {
            // Only columns that are still there can be the key again.
            deployed: deployed
                .as_ref()
                .filter(|spec| spec.key.iter().all(|column| columns.contains(column)))
                .map_or_else(Vec::new, |spec| spec.key.clone()),
            by_policy: deployed
                .as_ref()
                .is_some_and(|spec| spec.policy.primary_key.is_some()),
            reason: reason.clone(),
        }),
        Some(Shape::Refused(reason)) => found.push(Difference::Refused {
            reason: reason.clone(),
        }),
        None => {}
    }
    if let (Some(declared), Some(spec)) = (declared, &deployed) {
        found.extend(policy::differences(&declared.policy, &spec.policy));
    }
    found
}

fn column_differences(
    known: &[ColumnSpec],
    now: &[ColumnSpec],
    redacted: &[String],
) -> Vec<Difference> {
    let of = |columns: &[ColumnSpec], name: &str| {
        columns.iter().find(|column| column.name == name).cloned()
    };
    let added = now
        .iter()
        .filter(|column| of(known, &column.name).is_none())
        .map(|column| Difference::ColumnAdded {
            column: column.name.clone(),
        });
    let changed = known.iter().filter_map(|column| {
        let name = column.name.clone();
        match of(now, &name) {
            None => Some(Difference::ColumnDropped {
                redacted: redacted.contains(&name),
                column: name,
            }),
            Some(now) if now.kind != column.kind => {
                Some(Difference::ColumnRetyped { column: name })
            }
            Some(_) => None,
        }
    });
    added.chain(changed).collect()
}
