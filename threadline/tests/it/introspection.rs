//! What can be audited, and what is said where it can't.

use std::fmt::Write;

use insta::assert_snapshot;
use threadline::{
    CapturePolicy,
    codegen::{ColumnKind, IntrospectError},
    policy::TruncateMode,
};

use crate::support::{TestDb, sql::names};

/// The error with its causes, in one line.
fn text(err: &IntrospectError) -> String {
    let mut text = err.to_string();
    let mut cause = std::error::Error::source(err);
    while let Some(err) = cause {
        write!(text, ": {err}").unwrap();
        cause = err.source();
    }
    text
}

async fn refusal(test: &TestDb, table: &str, policy: CapturePolicy) -> String {
    match test.spec(table, policy).await {
        Ok(spec) => panic!("{table} is not refused: {spec:?}"),
        Err(err) => text(&err),
    }
}

fn key(columns: &[&str]) -> CapturePolicy {
    CapturePolicy {
        primary_key: Some(names(columns)),
        ..CapturePolicy::default()
    }
}

#[tokio::test]
async fn what_is_no_table_is_refused_by_its_kind() {
    let test = TestDb::new().await;
    test.run(
        "CREATE SCHEMA blog; CREATE TABLE blog.posts (id int PRIMARY KEY); CREATE TABLE \"Users\" (id int PRIMARY KEY);
         CREATE VIEW v AS SELECT 1 AS id; CREATE MATERIALIZED VIEW m AS SELECT 1 AS id; CREATE SEQUENCE s; CREATE TYPE c AS (id int);
         CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (id int) SERVER far;
         CREATE TABLE events (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE blog.events_1 PARTITION OF events FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
         CREATE TABLE events_1_1 PARTITION OF blog.events_1 DEFAULT;",
    )
    .await;
    let mut all = String::new();
    for table in [
        "absent",
        "posts",
        "Blog.Posts",
        "users",
        "v",
        "m",
        "s",
        "c",
        "f",
        "users_pkey",
        "\"Users_pkey\"",
        "events_1_1",
        "blog.events_1",
        "threadline.audit_changes",
        "threadline.absent",
        "pg_catalog.pg_class",
        "information_schema.sql_features",
        "no\"thing",
    ] {
        let text = match table.parse::<threadline::codegen::TableName>() {
            Ok(_) => refusal(&test, table, CapturePolicy::default()).await,
            Err(err) => err.to_string(),
        };
        writeln!(all, "{table}: {text}").unwrap();
    }
    assert_snapshot!("what_is_no_table", all);
    assert!(
        test.spec("events", CapturePolicy::default())
            .await
            .unwrap()
            .partitioned
    );
}

#[tokio::test]
async fn a_key_that_does_not_find_one_row_is_refused_with_its_reason() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int, d int NOT NULL, e text NOT NULL, f int NOT NULL, g int NOT NULL, h int NOT NULL);
         CREATE UNIQUE INDEX t_pair ON t (b, a) INCLUDE (d);
         CREATE UNIQUE INDEX t_nullable ON t (c); CREATE UNIQUE INDEX t_partial ON t (d) WHERE d > 0;
         CREATE UNIQUE INDEX t_expression ON t (lower(e)); CREATE INDEX t_plain ON t (h);
         ALTER TABLE t ADD CONSTRAINT t_deferrable UNIQUE (f) DEFERRABLE;
         CREATE TABLE bare (a int); CREATE TABLE keyed (id int PRIMARY KEY, a int NOT NULL UNIQUE, email text);
         CREATE TABLE late (id int, PRIMARY KEY (id) DEFERRABLE);",
    )
    .await;
    // As a CREATE INDEX CONCURRENTLY that failed leaves it.
    test.run("CREATE UNIQUE INDEX t_invalid ON t (g); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_invalid'::regclass")
        .await;
    let mut all = String::new();
    for (table, policy) in [
        ("t", CapturePolicy::default()),
        ("bare", CapturePolicy::default()),
        ("bare", key(&["a"])),
        ("t", key(&["c"])),
        ("t", key(&["d"])),
        ("t", key(&["e"])),
        ("t", key(&["f"])),
        ("t", key(&["g"])),
        ("t", key(&["h"])),
        ("t", key(&["a"])),
        ("t", key(&["b", "a", "d"])),
        ("t", key(&["a", "a"])),
        ("t", key(&["nowhere"])),
        ("t", key(&[])),
        ("keyed", key(&["a"])),
        (
            "keyed",
            CapturePolicy {
                mask: names(&["emial"]),
                ..CapturePolicy::default()
            },
        ),
        (
            "keyed",
            CapturePolicy {
                mask: names(&["id"]),
                ..CapturePolicy::default()
            },
        ),
        (
            "keyed",
            CapturePolicy {
                exclude: names(&["email"]),
                mask: names(&["email"]),
                ..CapturePolicy::default()
            },
        ),
        (
            "t",
            CapturePolicy {
                exclude: names(&["a"]),
                ..key(&["a", "b"])
            },
        ),
    ] {
        let (columns, mask, exclude) = (
            policy.primary_key.clone(),
            policy.mask.clone(),
            policy.exclude.clone(),
        );
        let text = refusal(&test, table, policy).await;
        writeln!(
            all,
            "{table} key {columns:?} mask {mask:?} exclude {exclude:?}\n    {text}"
        )
        .unwrap();
    }
    assert_snapshot!("keys_that_do_not_do", all);
    // In any order, and as the primary key says itself.
    assert_eq!(
        test.spec("t", key(&["a", "b"])).await.unwrap().key,
        ["a", "b"]
    );
    assert_eq!(test.spec("keyed", key(&["id"])).await.unwrap().key, ["id"]);
    assert_eq!(
        test.spec("late", CapturePolicy::default())
            .await
            .unwrap()
            .key,
        ["id"]
    );
}

#[tokio::test]
async fn the_kind_of_a_column_looks_through_domains_and_arrays() {
    use ColumnKind as K;
    let test = TestDb::new().await;
    test.run(
        "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE DOMAIN stamp AS timestamptz; CREATE DOMAIN stamps AS timestamptz[];
         CREATE DOMAIN later AS stamp; CREATE TYPE mood AS ENUM ('ok'); CREATE TYPE pair AS (a int, b float8);
         CREATE TYPE spans AS RANGE (subtype = float8); CREATE DOMAIN doc AS jsonb;",
    )
    .await;
    let kinds = [
        ("int", K::Plain),
        ("bigint[]", K::Plain),
        ("text", K::Plain),
        ("\"char\"", K::Plain),
        ("name", K::Plain),
        ("bit varying", K::Plain),
        ("uuid", K::Plain),
        ("date", K::Plain),
        ("timestamp", K::Plain),
        ("time with time zone", K::Plain),
        ("inet", K::Plain),
        ("tsvector", K::Plain),
        ("xml", K::Plain),
        ("mood", K::Plain),
        ("mood[]", K::Plain),
        ("citext", K::Plain),
        ("citext[]", K::Plain),
        ("numeric(5,2)", K::Numeric),
        ("numeric[]", K::Numeric),
        ("real", K::Float),
        ("float8[]", K::FloatArray),
        ("point", K::Geometric),
        ("box[]", K::Geometric),
        ("stamp", K::Timestamptz),
        ("stamps", K::Timestamptz),
        ("later[]", K::Timestamptz),
        ("timestamptz[]", K::Timestamptz),
        ("bytea", K::Bytea),
        ("interval", K::Interval),
        ("money[]", K::Money),
        ("json", K::Json),
        ("jsonb", K::Jsonb),
        ("doc", K::Jsonb),
        ("json[]", K::JsonArray),
        ("doc[]", K::JsonArray),
        ("hstore", K::TextForm),
        ("pair", K::Other),
        ("pair[]", K::Other),
        ("spans", K::Other),
        ("tstzrange", K::Other),
        ("int4multirange", K::Other),
        ("regclass", K::Reference),
    ];
    let columns: Vec<_> = kinds
        .iter()
        .enumerate()
        .map(|(n, (kind, _))| format!("c{n} {kind}"))
        .collect();
    test.run(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, gone int, {}); ALTER TABLE t DROP gone",
        columns.join(", ")
    ))
    .await;
    let spec = test.spec("t", CapturePolicy::default()).await.unwrap();
    let found: Vec<_> = spec.columns[1..]
        .iter()
        .zip(kinds)
        .map(|(column, (kind, _))| (kind, column.kind))
        .collect();
    assert_eq!(found, kinds);
    assert_eq!(spec.columns.len(), kinds.len() + 1);
}

#[tokio::test]
async fn rows_that_row_security_hides_can_not_be_read_by_a_truncate() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE hidden (id int PRIMARY KEY); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY",
    )
    .await;
    let rows = || CapturePolicy {
        truncate: TruncateMode::Rows,
        ..CapturePolicy::default()
    };
    let refused = test.spec("hidden", rows()).await.unwrap_err();
    assert!(
        matches!(&refused, IntrospectError::RowSecurity { role, .. } if role == "threadline_capture"),
        "{refused}"
    );
    test.spec("hidden", CapturePolicy::default()).await.unwrap();
    test.run("ALTER TABLE hidden DISABLE ROW LEVEL SECURITY")
        .await;
    test.spec("hidden", rows()).await.unwrap();
}
