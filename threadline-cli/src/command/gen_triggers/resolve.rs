//! From a name to what is captured.

use threadline::{
    CapturePolicy, SchemaName,
    codegen::{ColumnSpec, TableName, TableSpec},
};

use super::{Refusal, catalogue::Catalogue, declared::Declared};
use crate::{
    entity::Entity,
    error::{Error, Result},
};

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
    installed: Option<&TableSpec>,
) -> Result<TableSpec> {
    if table.schema() == schema.as_str() {
        return Err(Refusal::OwnTable(table.clone()).into());
    }
    let (policy, place) = match declared {
        Declared::Entity(entity) => (entity.policy.clone(), entity.place.to_string()),
        Declared::Configured(policy, place) => (policy.clone(), place.to_owned()),
        Declared::Nothing => (CapturePolicy::default(), "the default".to_owned()),
    };
    let mut spec = match (catalogue.introspect(table), declared) {
        (Some(found), _) => found.map_err(|err| Error::Introspect {
            table: table.to_string(),
            err: Box::new(err),
        })?,
        (None, Declared::Entity(entity)) => from_entity(entity, installed),
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
    spec.policy = policy;
    spec.check().map_err(|err| Refusal::Policy { place, err })?;
    Ok(spec)
}

/// What an entity tells alone. Where an earlier migration knows the same columns from the
/// catalogue, what it knows is kept: without a database nothing can have become clearer.
fn from_entity(entity: &Entity, installed: Option<&TableSpec>) -> TableSpec {
    let known = installed.map_or(&[][..], |spec| &spec.columns);
    let is_named = |column: &ColumnSpec, list: &[ColumnSpec]| {
        list.iter().any(|other| other.name == column.name)
    };
    let columns = if entity.columns.iter().all(|column| is_named(column, known)) {
        known.to_vec()
    } else {
        let kept = known
            .iter()
            .filter(|column| is_named(column, &entity.columns));
        let new = entity
            .columns
            .iter()
            .filter(|column| !is_named(column, known));
        kept.chain(new).cloned().collect()
    };
    TableSpec {
        name: entity.table.clone(),
        key: entity.key.clone(),
        columns,
        partitioned: installed.is_some_and(|spec| spec.partitioned),
        policy: CapturePolicy::default(),
    }
}
