//! The frozen migrations of the example.

use threadline::{
    SchemaName,
    codegen::{MigrationSql, TableSpec, base_schema, capture},
};

const INSTALL: &str = include_str!("../../src/migration/m20261123_020540_threadline_install.rs");
const CAPTURE: &str =
    include_str!("../../src/migration/m20261123_020541_threadline_capture_posts.rs");

fn holds(file: &str, sql: &MigrationSql) -> bool {
    [&sql.up, &sql.down]
        .iter()
        .all(|text| file.contains(text.trim_end()))
}

/// Until a version is released: the example shows what the command writes today.
#[test]
fn the_migrations_are_what_the_command_writes() {
    let schema = SchemaName::default();
    let spec = CAPTURE
        .lines()
        .find_map(|line| line.strip_prefix("// threadline:spec "))
        .unwrap();
    let spec: TableSpec = serde_json::from_str(spec).unwrap();
    assert_eq!(spec.policy, {
        use threadline::Audited as _;
        blog::entity::post::Entity::policy()
    });
    let remedy =
        "write both anew with `cargo threadline install` and `gen-triggers --tables posts`";
    assert!(holds(INSTALL, &base_schema(&schema)), "{remedy}");
    assert!(
        holds(CAPTURE, &capture(&schema, &spec, None).unwrap()),
        "{remedy}"
    );
}
