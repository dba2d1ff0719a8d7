//! From a name to what is captured.

use threadline::{
    CapturePolicy, SchemaName,
    codegen::{ColumnSpec, MAX_IDENT_BYTES, TableName, TableSpec},
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
    let default = CapturePolicy::default();
    let (policy, subject) = match declared {
        Declared::Entity(entity) => (&entity.policy, format!("`{table}` ({})", entity.place)),
        Declared::Configured(policy, place) => (policy, format!("`{table}` ({place})")),
        Declared::Nothing => (&default, format!("`{table}`")),
    };
    let undeclared = match declared {
        Declared::Entity(entity) => !entity.audited,
        Declared::Configured(..) => false,
        Declared::Nothing => true,
    };
    if undeclared && installed.is_some_and(|spec| spec.policy != default) {
        return Err(Refusal::PolicyGone(table.clone()).into());
    }
    if let Some(found) = catalogue.introspect(schema, table, policy) {
        let spec = match found {
            Ok(spec) => spec,
            Err(err) => {
                let err = Box::new(err);
                return Err(Error::Introspect { subject, err });
            }
        };
        // A hand-written entity does not tell its key to a reader of sources.
        if let Declared::Entity(entity) = declared
            && entity.audited
            && !entity.key.is_empty()
        {
            spec.check_entity_key(&entity.key)
                .map_err(|err| Refusal::Policy { subject, err })?;
        }
        return Ok(spec);
    }
    let spec = match (declared, installed) {
        (Declared::Entity(entity), _) => from_entity(entity, installed),
        (Declared::Configured(policy, _), Some(installed)) => TableSpec {
            key: policy
                .primary_key
                .as_ref()
                .unwrap_or(&installed.key)
                .clone(),
            policy: policy.clone(),
            ..installed.clone()
        },
        (Declared::Configured(..) | Declared::Nothing, _) => {
            return Err(Refusal::Unknown(table.clone()).into());
        }
    };
    if spec.key.is_empty() {
        return Err(Refusal::NoKey(table.clone()).into());
    }
    if let Some(column) = spec
        .columns
        .iter()
        .find(|column| column.name.len() > MAX_IDENT_BYTES)
    {
        let (table, column) = (table.clone(), column.name.clone());
        return Err(Refusal::LongColumn { table, column }.into());
    }
    spec.check()
        .map_err(|err| Refusal::Policy { subject, err })?;
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
        key: entity
            .policy
            .primary_key
            .clone()
            .unwrap_or_else(|| entity.key.clone()),
        columns,
        partitioned: installed.is_some_and(|spec| spec.partitioned),
        policy: entity.policy.clone(),
    }
}
