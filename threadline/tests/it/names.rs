//! Names: whatever PostgreSQL takes as the name of a table, column, schema or type can be audited.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, TableName, capture_function, quote_ident, quote_literal},
    policy::{ContextMode, TruncateMode},
};

use crate::support::{
    TestDb,
    sql::{capture_in, names, refused},
};

/// At most 63 bytes, on a character boundary.
fn cut(name: &str) -> String {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

/// Captures a table whose schema, name, columns and type all have this name, writes to it and reads the trail.
async fn check(test: &TestDb, name: &str) {
    let of = |prefix: &str| cut(&format!("{prefix}{name}"));
    let (key, mood, zero, doc, secret, noise) =
        (of(""), of("m"), of("z"), of("d"), of("s"), of("n"));
    let table = TableName::new(name, name).unwrap();
    let q = quote_ident;
    let value = quote_literal(name);
    let sql = format!(
        "CREATE SCHEMA {schema}; CREATE TYPE {enumeration} AS ENUM ({value});
         CREATE TABLE {table} ({} text PRIMARY KEY, {} {enumeration}, {} float8, {} json, {} text, {} int)",
        q(&key),
        q(&mood),
        q(&zero),
        q(&doc),
        q(&secret),
        q(&noise),
        schema = q(name),
        enumeration = format_args!("{}.{}", q(name), q(&of("e"))),
        table = table.quoted(),
    );
    test.run(&sql).await;
    let policy = CapturePolicy {
        mask: vec![secret.clone()],
        except: vec![noise.clone()],
        context: ContextMode::Warn,
        truncate: TruncateMode::Rows,
        ..CapturePolicy::default()
    };
    let schema = SchemaName::default();
    let spec = codegen::introspect(&schema, &table, policy, &test.db)
        .await
        .unwrap();
    let sql = codegen::capture(&schema, &spec, None).unwrap();
    test.run(&sql.up).await;
    let table = table.quoted();
    test.run(&format!(
        "INSERT INTO {table} VALUES ({value}, {value}, '-0', '{{\"a\":  1}}', 'secret', 1);
         UPDATE {table} SET {} = NULL, {} = 'other', {} = 2;
         UPDATE {table} SET {} = 'k2'; TRUNCATE {table};",
        q(&mood),
        q(&secret),
        q(&noise),
        q(&key),
    ))
    .await;
    let query = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT op || ' ' || coalesce(table_pk ->> $3, '-') || ' ' || coalesce(array_to_string(changed_fields, '|'), '-') || ' '
             || coalesce(data_after ->> $4, '-') || ' ' || coalesce(exact ->> $5, '-') || ' ' || coalesce(exact ->> $6, '-')
             || ' ' || coalesce(data_after ->> $7, '-')
             || CASE WHEN row_key = threadline.row_key($1, $2, table_pk) THEN '' ELSE ' bad row key' END
           FROM threadline.audit_changes WHERE table_schema = $1 AND table_name = $2 ORDER BY captured_at, id",
        [name, name, &key, &mood, &zero, &doc, &secret].map(sea_orm::Value::from),
    );
    let found: Vec<String> = test
        .db
        .query_all_raw(query)
        .await
        .unwrap()
        .iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect();
    let exact = "-0 {\"a\":  1} [REDACTED]";
    assert_eq!(
        found,
        [
            format!("insert {name} - {name} {exact}"),
            format!("update {name} {mood}|{secret} - {exact}"),
            format!("delete {name} {key} - {exact}"),
            format!("update k2 {key} - {exact}"),
            format!("delete k2 - - {exact}"),
            "truncate - - - - - -".to_owned(),
        ],
        "{name:?}"
    );
    // The deployed body is the one that the library renders, and down leaves nothing.
    let body: String = test
        .one(&format!(
            "SELECT prosrc FROM pg_proc WHERE proname = {}",
            quote_literal(&capture_function(&spec))
        ))
        .await;
    assert_eq!(body, codegen::capture_body(&schema, &spec).unwrap());
    test.run(&sql.down).await;
    let left: i64 = test
        .one(&format!(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = {}::regclass",
            quote_literal(&table)
        ))
        .await;
    assert_eq!(left, 0, "{name:?}");
}

#[tokio::test]
async fn names_with_quotes_case_spaces_and_other_alphabets_are_captured() {
    let test = TestDb::new().await;
    for name in [
        "Mixed Case",
        "it's",
        "we\"ird",
        "back\\slash'\\",
        "select",
        "line\nbreak\r\nDROP TABLE x; --",
        "tab\tand\u{202e}",
        "übergröße→日本語",
        "a.b.c",
        " ",
        "1",
        &"x".repeat(63),
        &"é".repeat(31),
    ] {
        check(&test, name).await;
    }
}

#[tokio::test]
async fn names_that_mean_something_to_the_generator_are_captured() {
    let test = TestDb::new().await;
    for name in [
        "$threadline$",
        "$threadline1$ $threadline$",
        "$rows$; $$ $1",
        "100% %s %I %L %",
        "{{ schema }}{% if x %}{# #}",
        "-- /* ' */",
        "?:?::text",
        "new",
        "v_new",
        "{a,b}",
    ] {
        check(&test, name).await;
    }
}

#[tokio::test]
async fn tables_of_one_name_and_names_that_could_collide_have_trails_of_their_own() {
    let long = "l".repeat(60);
    let tables = [
        "blog.posts".to_owned(),
        "public.posts".to_owned(),
        "public.blog_posts".to_owned(),
        format!("public.{long}aaa"),
        format!("public.{long}aab"),
        format!("blog.{long}aaa"),
    ];
    let test = TestDb::new().await;
    test.run("CREATE SCHEMA blog").await;
    for table in &tables {
        test.run(&format!("CREATE TABLE {table} (id int PRIMARY KEY)"))
            .await;
        test.capture(table, CapturePolicy::default()).await;
    }
    for (n, table) in tables.iter().enumerate() {
        test.run(&format!(
            "INSERT INTO {table} VALUES ({n}); TRUNCATE {table}"
        ))
        .await;
    }
    let found: Vec<String> = test
        .all(
            "SELECT table_schema || '.' || table_name || ' ' || op || coalesce(table_pk ->> 'id', '')
               FROM threadline.audit_changes ORDER BY captured_at, id",
        )
        .await;
    let expected: Vec<_> = tables
        .iter()
        .enumerate()
        .flat_map(|(n, table)| [format!("{table} insert{n}"), format!("{table} truncate")])
        .collect();
    assert_eq!(found, expected);
    let keys: i64 = test
        .one("SELECT count(DISTINCT row_key) FROM threadline.audit_changes")
        .await;
    assert_eq!(keys, 12);
}

#[tokio::test]
async fn two_audit_schemas_in_one_database_keep_apart() {
    let test = TestDb::new().await;
    let other = SchemaName::new("audit_x").unwrap();
    test.run(&codegen::base_schema(&other).up).await;
    test.run("CREATE TABLE posts (id int PRIMARY KEY); CREATE TABLE notes (id int PRIMARY KEY)")
        .await;
    test.capture("posts", CapturePolicy::default()).await;
    let notes = TableName::new("public", "notes").unwrap();
    capture_in(&other, &notes, &test.db).await;
    test.run(
        "SELECT threadline.set_context('{\"actor\": {\"type\": \"user\", \"id\": \"alice\"}}');
         INSERT INTO posts VALUES (1); INSERT INTO notes VALUES (2); INSERT INTO posts VALUES (3); INSERT INTO notes VALUES (4);",
    )
    .await;
    for (schema, expected) in [
        ("threadline", "posts 1 alice,posts 3 alice"),
        ("audit_x", "notes 2 alice,notes 4 alice"),
    ] {
        let found: String = test
            .one(&format!(
                "SELECT string_agg(concat_ws(' ', table_name, table_pk ->> 'id', actor_id), ',' ORDER BY c.id)
                   FROM {schema}.audit_changes c JOIN {schema}.audit_transactions t ON t.id = c.transaction_id"
            ))
            .await;
        assert_eq!(found, expected);
        let transactions: i64 = test
            .one(&format!("SELECT count(*) FROM {schema}.audit_transactions"))
            .await;
        assert_eq!(transactions, 1, "{schema}");
    }
    let owners: Vec<String> = test
        .all(
            "SELECT DISTINCT pg_get_userbyid(proowner)::text FROM pg_proc WHERE pronamespace = 'audit_x'::regnamespace ORDER BY 1",
        )
        .await;
    assert_eq!(owners, names(&["audit_x_capture", "audit_x_owner"]));
    // A second schema does not take a table over quietly.
    let spec = codegen::introspect(&other, &notes, CapturePolicy::default(), &test.db)
        .await
        .unwrap();
    let taken = codegen::capture(&SchemaName::default(), &spec, None).unwrap();
    assert_eq!(
        refused(&test.db, &taken.up).await,
        "P0001 threadline: table \"public\".\"notes\" is already captured by the audit schema audit_x"
    );
}
