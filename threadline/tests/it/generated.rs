//! The generated SQL, as text: to be read like code when it changes.

use insta::assert_snapshot;
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, ColumnKind, ColumnSpec, TableName, TableSpec},
    policy::{ContextMode, TruncateMode},
};

use crate::support::sql::names;

fn spec(
    name: &str,
    key: &[&str],
    columns: &[(&str, ColumnKind)],
    policy: CapturePolicy,
) -> TableSpec {
    let (schema, table) = name.split_once('.').unwrap();
    TableSpec {
        name: TableName::new(schema, table).unwrap(),
        key: names(key),
        columns: columns
            .iter()
            .map(|&(name, kind)| ColumnSpec {
                name: name.to_owned(),
                kind,
            })
            .collect(),
        partitioned: false,
        policy,
    }
}

/// Both directions, one after the other.
fn text(sql: &codegen::MigrationSql) -> String {
    format!("{}\n-- down --\n{}", sql.up, sql.down)
}

#[test]
fn the_audit_schema_is_this_text() {
    assert_snapshot!(text(&codegen::base_schema(&SchemaName::default())));
}

#[test]
fn the_capture_of_a_plain_table_is_this_text() {
    let spec = spec(
        "public.posts",
        &["id"],
        &[("id", ColumnKind::Plain), ("title", ColumnKind::Plain)],
        CapturePolicy::default(),
    );
    let sql = codegen::capture(&SchemaName::default(), &spec, None).unwrap();
    assert_snapshot!(text(&sql));
}

#[test]
fn the_capture_of_a_redacted_table_is_this_text() {
    let spec = spec(
        "blog.people",
        &["id"],
        &[
            ("id", ColumnKind::Plain),
            ("name", ColumnKind::Plain),
            ("email", ColumnKind::Plain),
            ("token", ColumnKind::Jsonb),
            ("seen_at", ColumnKind::Timestamptz),
        ],
        CapturePolicy {
            mask: names(&["email"]),
            exclude: names(&["token"]),
            except: names(&["seen_at"]),
            context: ContextMode::Require,
            truncate: TruncateMode::Refuse,
            store_changed_from: false,
            ..CapturePolicy::default()
        },
    );
    let sql = codegen::capture(&SchemaName::default(), &spec, None).unwrap();
    assert_snapshot!(text(&sql));
}

#[test]
fn the_capture_of_a_partitioned_table_of_every_kind_is_this_text() {
    use ColumnKind as K;
    let mut spec = spec(
        "public.it's",
        &["id", "re\"gion"],
        &[
            ("id", K::Plain),
            ("re\"gion", K::Plain),
            ("amount", K::Numeric),
            ("score", K::Float),
            ("place", K::Geometric),
            ("at", K::Timestamptz),
            ("raw", K::Bytea),
            ("span", K::Interval),
            ("price", K::Money),
            ("doc", K::Json),
            ("data", K::Jsonb),
            ("docs", K::JsonArray),
            ("attributes", K::TextForm),
            ("range", K::Other),
            ("100%$threadline$", K::Plain),
        ],
        CapturePolicy {
            mask: names(&["100%$threadline$"]),
            context: ContextMode::Warn,
            truncate: TruncateMode::Rows,
            ..CapturePolicy::default()
        },
    );
    spec.partitioned = true;
    let schema = SchemaName::new("audit_x").unwrap();
    let sql = codegen::capture(&schema, &spec, None).unwrap();
    assert_snapshot!(text(&sql));
}

#[test]
fn the_same_specification_gives_the_same_text_and_another_policy_another_one() {
    let plain = spec(
        "public.posts",
        &["id"],
        &[("id", ColumnKind::Plain), ("title", ColumnKind::Plain)],
        CapturePolicy::default(),
    );
    let masked = TableSpec {
        policy: CapturePolicy {
            mask: names(&["title"]),
            ..CapturePolicy::default()
        },
        ..plain.clone()
    };
    let schema = SchemaName::default();
    let first = codegen::capture(&schema, &plain, None).unwrap();
    let second = codegen::capture(&schema, &masked, Some(&plain)).unwrap();
    assert_eq!(codegen::capture(&schema, &plain, None).unwrap(), first);
    assert_eq!(second.down, first.up);
    assert_ne!(second.up, first.up);
    let read: TableSpec = serde_json::from_str(&serde_json::to_string(&masked).unwrap()).unwrap();
    assert_eq!(read, masked);
}
