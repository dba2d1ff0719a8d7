//! The frozen migrations of the example.

use blog::entity::{comment, post, post_tag};
use threadline::{
    Audited as _, SchemaName,
    codegen::{MigrationSql, TableSpec, base_schema, capture},
};

const INSTALL: &str = include_str!("../../src/migration/m20261123_020540_threadline_install.rs");
const CAPTURE: &str =
    include_str!("../../src/migration/m20261127_014712_threadline_capture_3_tables.rs");

fn holds(file: &str, sql: &MigrationSql) -> bool {
    [&sql.up, &sql.down]
        .iter()
        .all(|text| file.contains(text.trim_end()))
}

/// Until a version is released: the example shows what the command writes today.
#[test]
fn the_migrations_are_what_the_command_writes() {
    let schema = SchemaName::default();
    let remedy = "write both anew with `cargo threadline install` and `gen-triggers --tables \
                  posts,comments,post_tags`";
    assert!(holds(INSTALL, &base_schema(&schema)), "{remedy}");
    let specs = CAPTURE
        .lines()
        .filter_map(|line| line.strip_prefix("// threadline:spec "));
    let specs: Vec<TableSpec> = specs
        .map(|spec| serde_json::from_str(spec).unwrap())
        .collect();
    let policies = [
        post::Entity::policy(),
        comment::Entity::policy(),
        post_tag::Entity::policy(),
    ];
    assert_eq!(specs.len(), policies.len());
    for (spec, policy) in specs.iter().zip(policies) {
        assert_eq!(spec.policy, policy);
        assert!(
            holds(CAPTURE, &capture(&schema, spec, None).unwrap()),
            "{remedy}"
        );
    }
}
