//! From a name to what is captured.

use threadline::{
    CapturePolicy, SchemaName,
    codegen::{TableName, TableSpec},
};

use super::{Refusal, catalogue::Catalogue, declared::Declared};
use crate::error::{Error, Result};

/// What is to be captured of a table: columns and key from the catalogue, else from the entity;
/// the policy from where it is declared.
///
/// # Errors
/// A [`Refusal`], or what the catalogue has to say.
pub(super) fn spec(
    catalogue: &Catalogue,
    schema: &SchemaName,
    table: &TableName,
    declared: Declared<'_>,
) -> Result<TableSpec> {
    if table.schema == schema.as_str() {
        return Err(Refusal::OwnTable(table.clone()).into());
    }
    let (policy, place) = match declared {
        Declared::Entity(entity) => (entity.policy.clone(), entity.place.to_string()),
        Declared::Configured(policy, place) => (policy.clone(), place.to_owned()),
        Declared::Nothing => (CapturePolicy::default(), String::new()),
    };
    let mut spec = match (catalogue.introspect(table), declared) {
        (Some(found), _) => found.map_err(|err| Error::Introspect {
            table: table.to_string(),
            err: Box::new(err),
        })?,
        (None, Declared::Entity(entity)) => TableSpec {
            name: table.clone(),
            key: entity.key.clone(),
            columns: entity.columns.clone(),
            policy: CapturePolicy::default(),
        },
        (None, Declared::Configured(..) | Declared::Nothing) => {
            return Err(Refusal::Unknown(table.clone()).into());
        }
    };
    if let Some(key) = &policy.primary_key {
        spec.key.clone_from(key);
    }
    if spec.key.is_empty() {
        return Err(Refusal::NoKey(table.clone()).into());
    }
    policy
        .check(&spec.columns, &spec.key)
        .map_err(|err| Refusal::Policy {
            table: table.clone(),
            place,
            err,
        })?;
    spec.policy = policy;
    Ok(spec)
}
