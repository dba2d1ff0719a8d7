use std::collections::BTreeSet;

use threadline::audited::{AuditedEntity, entities};

fn entity(table: &str) -> AuditedEntity {
    entities()
        .into_iter()
        .find(|entity| entity.table_name() == table)
        .unwrap_or_else(|| panic!("`{table}` is not registered"))
}

#[test]
fn every_derive_registers_its_entity_once() {
    let tables: Vec<_> = entities().iter().map(AuditedEntity::table_name).collect();
    let expected = [
        "accounts",
        "authors",
        "books",
        "compact_dense",
        "conditional",
        "customers",
        "generated",
        "plain",
        "shadowed",
        "tags",
    ];
    assert_eq!(
        tables.iter().copied().collect::<BTreeSet<_>>(),
        expected.into()
    );
    assert_eq!(tables.len(), expected.len());
}

#[test]
fn the_registry_knows_where_an_entity_is_and_what_it_has() {
    let accounts = entity("accounts");
    assert_eq!(accounts.module_path, "it::entity::compact");
    assert_eq!(accounts.schema_name().as_deref(), Some("billing"));
    assert_eq!(accounts.primary_key(), ["tenantId", "r"]);
    assert_eq!(entity("customers").schema_name().as_deref(), Some("legacy"));
    assert_eq!(entity("authors").columns(), ["id", "email", "password"]);
}

#[test]
fn what_compiles_passes_the_check_against_its_table() {
    const UNMAPPED: [&str; 4] = ["search_vector", "tsv", "row_version", "secret"];
    for entity in entities() {
        let policy = entity.policy();
        let columns = entity.columns().into_iter().chain(UNMAPPED);
        let columns: Vec<_> = columns.map(str::to_owned).collect();
        let key: Vec<_> = entity
            .primary_key()
            .into_iter()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            policy.check(&columns, &key),
            Ok(()),
            "{}",
            entity.table_name()
        );
    }
}
