//! Every type: the image does not depend on settings, and the row comes back from it exactly.

use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::values::COLUMNS;
use crate::support::{TestDb, rows, run};

/// Settings that change how values print.
const HOSTILE: &str = "SET extra_float_digits = -5; SET bytea_output = escape; SET TimeZone = 'Asia/Kolkata';
    SET DateStyle = 'SQL, DMY'; SET IntervalStyle = iso_8601; SET search_path = ''; SET quote_all_identifiers = on;
    SET standard_conforming_strings = off; SET escape_string_warning = off; SET array_nulls = off; SET xmlbinary = hex;";

/// Settings under which every value prints exactly.
const PINNED: &str = "SET extra_float_digits = 1; SET bytea_output = hex; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = postgres; SET search_path = public; SET quote_all_identifiers = off;
    SET standard_conforming_strings = on; SET array_nulls = on; SET lc_monetary = 'C';";

async fn wide() -> TestDb {
    let test = TestDb::new().await;
    test.run(
        "CREATE EXTENSION citext; CREATE EXTENSION hstore;
         CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s');
         CREATE TYPE pair AS (n int, t text, f float8, at timestamptz, nums numeric[]);
         CREATE DOMAIN positive AS numeric CHECK (VALUE > 0); CREATE DOMAIN very_positive AS positive CHECK (VALUE > 50);
         CREATE DOMAIN moment AS timestamptz;",
    )
    .await;
    let mut columns: Vec<_> = COLUMNS
        .iter()
        .map(|(name, kind, _)| format!("\"{name}\" {kind}"))
        .collect();
    if has_xml(&test).await {
        columns.push("xml xml".to_owned());
    }
    test.run(&format!(
        "CREATE TABLE wide (id int PRIMARY KEY, {})",
        columns.join(", ")
    ))
    .await;
    test.capture("public.wide", threadline::CapturePolicy::default())
        .await;
    test
}

/// PostgreSQL may be built without XML.
async fn has_xml(test: &TestDb) -> bool {
    test.db
        .execute_unprepared("SELECT '<a/>'::xml")
        .await
        .is_ok()
}

/// One row for each n: the nth value of every column, NULL where there is none, and one of NULLs.
fn inserts(xml: bool) -> Vec<String> {
    let most = COLUMNS
        .iter()
        .map(|(_, _, values)| values.len())
        .max()
        .unwrap();
    (0..=most)
        .map(|n| {
            let mut values: Vec<_> = COLUMNS
                .iter()
                .map(|(_, kind, values)| match values.get(n) {
                    Some(value) => format!("'{}'::{kind}", value.replace('\'', "''")),
                    None => "NULL".to_owned(),
                })
                .collect();
            if xml {
                values.push(if n == 0 {
                    "'<a  b=\"1\">ä</a>'::xml".to_owned()
                } else {
                    "NULL".to_owned()
                });
            }
            format!(
                "INSERT INTO public.wide VALUES ({n}, {})",
                values.join(", ")
            )
        })
        .collect()
}

/// Compares every live row with its rebuilt self, value by value, as text.
async fn differences(db: &DatabaseConnection, op: &str) -> Vec<String> {
    let names = rows(db, "SELECT attname::text FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0 ORDER BY attnum").await;
    let mut found = Vec::new();
    for name in names {
        let name: String = name.try_get_by_index(0).unwrap();
        let kind: String = rows(db, &format!("SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attname = '{name}'")).await[0]
            .try_get_by_index(0)
            .unwrap();
        // What `as_of` does: the exact text where there is one, else what the image holds.
        let cast = format!("(c.exact ->> '{name}')::{kind}");
        let exact = if kind.starts_with("json") {
            cast
        } else {
            format!("NULL::{kind}")
        };
        let sql = format!(
            "SELECT format('%s row %s: %s is %s', '{name}', w.id, w.\"{name}\"::text, b.value::text) FROM wide w
               JOIN threadline.audit_changes c ON c.table_pk = jsonb_build_object('id', w.id) AND c.op = '{op}'
               CROSS JOIN LATERAL jsonb_populate_record(NULL::wide, c.data_after || coalesce(c.exact - ARRAY['js', 'jb'], '{{}}')) r
               CROSS JOIN LATERAL (SELECT coalesce({exact}, r.\"{name}\") AS value) b
              WHERE b.value::text IS DISTINCT FROM w.\"{name}\"::text ORDER BY w.id"
        );
        for row in rows(db, &sql).await {
            found.push(row.try_get_by_index(0).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn every_value_of_every_type_is_rebuilt_exactly() {
    let test = wide().await;
    let one = test.pool(1).await;
    run(&one, PINNED).await;
    for insert in inserts(has_xml(&test).await) {
        run(&one, &insert).await;
    }
    assert_eq!(differences(&one, "insert").await, [""; 0]);
    run(&one, "TRUNCATE wide").await;
}

// What a table has to pin depends on the types that stand together in it.
#[tokio::test]
async fn the_image_of_a_type_alone_or_beside_json_is_the_same_under_hostile_settings() {
    let test = wide().await;
    let one = test.pool(1).await;
    for (n, (_, kind, values)) in COLUMNS.iter().enumerate() {
        let Some(value) = values.last() else { continue };
        let value = format!("'{}'::public.{kind}", value.replace('\'', "''"));
        let value = match *kind {
            "citext" | "hstore" | "mood" | "pair" | "positive" | "very_positive" | "moment" => {
                value
            }
            _ => value.replacen("::public.", "::", 1),
        };
        for (table, beside, more) in [
            ("alone", "", ""),
            (
                "beside",
                ", j json, js jsonb[]",
                ", '{\"a\" :1}', ARRAY['1'::jsonb]",
            ),
        ] {
            let table = format!("public.{table}_{n}");
            test.run(&format!(
                "CREATE TABLE {table} (id int PRIMARY KEY, v {kind}{beside})"
            ))
            .await;
            test.capture(&table, threadline::CapturePolicy::default())
                .await;
            for (id, settings) in [(1, PINNED), (2, HOSTILE)] {
                run(&one, PINNED).await;
                run(
                    &one,
                    &format!("CREATE TEMP TABLE value AS SELECT {id} AS id, {value} AS v"),
                )
                .await;
                run(&one, settings).await;
                run(&one, &format!("INSERT INTO {table} SELECT id, v{more} FROM pg_temp.value; DROP TABLE pg_temp.value; UPDATE {table} SET v = NULL WHERE id = {id}")).await;
            }
            let images: Vec<String> = test
                .all(&format!("SELECT concat_ws(' ', op, data_after - 'id', changed_from, exact) FROM threadline.audit_changes WHERE table_name = '{}' ORDER BY op, (table_pk ->> 'id')::int", table.trim_start_matches("public.")))
                .await;
            assert_eq!(images.len(), 4, "{kind}: {images:?}");
            assert_eq!(images[0], images[1], "{kind}");
            assert_eq!(images[2], images[3], "{kind}");
        }
    }
}

#[tokio::test]
async fn every_image_is_the_same_under_hostile_settings() {
    let test = wide().await;
    let one = test.pool(1).await;
    let xml = has_xml(&test).await;
    run(&one, PINNED).await;
    for insert in inserts(xml) {
        run(&one, &insert).await;
    }
    let images = "SELECT string_agg(concat_ws(' | ', op, table_pk, data_after, changed_fields, changed_from, exact), E'\\n' ORDER BY concat_ws(' | ', op, table_pk, data_after, changed_fields, changed_from, exact)) FROM threadline.audit_changes";

    let images_of = async || -> String { test.one(images).await };
    let purge = "SET session_replication_role = replica; DELETE FROM threadline.audit_changes; RESET session_replication_role";
    // Copies inside the database: no value passes through text. Then an update and a delete of each.
    let statements = [
        "CREATE TEMP TABLE saved AS SELECT * FROM public.wide",
        "DELETE FROM public.wide",
        "INSERT INTO public.wide SELECT * FROM pg_temp.saved ORDER BY id",
        "UPDATE public.wide SET id = id + 100",
        "DELETE FROM public.wide",
        "INSERT INTO public.wide SELECT * FROM pg_temp.saved ORDER BY id",
    ];
    let update = format!(
        "UPDATE public.wide w SET {} FROM pg_temp.saved s WHERE s.id = (w.id + 1) % (SELECT count(*) FROM pg_temp.saved)",
        COLUMNS
            .iter()
            .map(|(name, _, _)| format!("\"{name}\" = s.\"{name}\""))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let monetary: Vec<String> = test
        .all("SELECT collname::text FROM pg_collation WHERE collprovider = 'c' AND collname LIKE '%.utf8' AND collname NOT LIKE 'C%' LIMIT 1")
        .await;
    let mut found = Vec::new();
    for settings in [PINNED, HOSTILE] {
        run(&one, purge).await;
        run(&one, settings).await;
        if let (HOSTILE, Some(locale)) = (settings, monetary.first()) {
            run(&one, &format!("SET lc_monetary = '{locale}'")).await;
        }
        for statement in statements {
            run(&one, statement).await;
        }
        run(&one, &update).await;
        // Nothing changes: under no settings does a value differ from itself.
        run(&one, "UPDATE public.wide SET i4 = i4").await;
        found.push(images_of().await);
        run(&one, PINNED).await;
        run(&one, "DELETE FROM public.wide; INSERT INTO public.wide SELECT * FROM pg_temp.saved; DROP TABLE pg_temp.saved").await;
    }
    assert!(found[0].len() > 10_000);
    for (pinned, hostile) in found[0].lines().zip(found[1].lines()) {
        assert_eq!(pinned, hostile);
    }
    assert_eq!(found[0], found[1]);
}

#[tokio::test]
async fn every_difference_between_two_values_is_a_change_and_a_copy_is_none() {
    let test = wide().await;
    let one = test.pool(1).await;
    run(&one, PINNED).await;
    for (name, kind, values) in COLUMNS {
        let literal = |n: usize| match values.get(n) {
            Some(value) => format!("'{}'::{kind}", value.replace('\'', "''")),
            None => "NULL".to_owned(),
        };
        run(
            &one,
            &format!(
                "DELETE FROM wide; INSERT INTO wide (id, \"{name}\") VALUES (1, {})",
                literal(0)
            ),
        )
        .await;
        for n in 1..=values.len() {
            let before: i64 = test
                .one("SELECT count(*) FROM threadline.audit_changes")
                .await;
            run(
                &one,
                &format!("UPDATE wide SET \"{name}\" = {}", literal(n)),
            )
            .await;
            let count = |n: i64| format!("SELECT count(*) - {n} FROM threadline.audit_changes");
            assert_eq!(
                test.one::<i64>(&count(before)).await,
                1,
                "{name}: {} to {}",
                literal(n - 1),
                literal(n)
            );
            let last: Vec<String> = test
                .one("SELECT changed_fields FROM threadline.audit_changes ORDER BY id DESC LIMIT 1")
                .await;
            assert_eq!(last, [*name]);
            run(
                &one,
                &format!("UPDATE wide SET \"{name}\" = {}", literal(n)),
            )
            .await;
            assert_eq!(
                test.one::<i64>(&count(before)).await,
                1,
                "{name}: {} again",
                literal(n)
            );
        }
    }
}

// Limits: what JSON has no form for, inside other values.
#[tokio::test]
async fn inside_arrays_and_composites_some_values_come_back_simplified() {
    for (kind, value, rebuilt) in [
        ("int4[]", "[2:4]={1,2,3}", "{1,2,3}"),
        ("jsonb[]", "{\"null\",NULL}", "{NULL,NULL}"),
        (
            "json[]",
            "{\"{\\\"b\\\":1,  \\\"a\\\":2}\"}",
            "{\"{\\\"a\\\": 2, \\\"b\\\": 1}\"}",
        ),
        ("pair", "(1,a,-0,,)", "(1,a,0,,)"),
    ] {
        let test = TestDb::new().await;
        test.run("CREATE TYPE pair AS (n int, t text, f float8, at timestamptz, nums numeric[])")
            .await;
        test.run(&format!("CREATE TABLE l (id int PRIMARY KEY, v {kind})"))
            .await;
        test.capture("public.l", threadline::CapturePolicy::default())
            .await;
        test.run(&format!("INSERT INTO l VALUES (1, '{value}')"))
            .await;
        let found: String = test
            .one("SELECT r.v::text FROM threadline.audit_changes c, jsonb_populate_record(NULL::l, c.data_after) r")
            .await;
        assert_eq!(found, rebuilt, "{kind}");
    }
}

#[tokio::test]
async fn json_that_jsonb_refuses_does_not_make_a_write_fail_and_comes_back() {
    let values = [
        r#"{"a": "\ud83d"}"#,
        r#"{"a": "\ude00 \u0000"}"#,
        "1e200000",
        r#"[1e200000, "\u0000"]"#,
    ];
    for (column, make) in [
        ("json", "$v${}$v$"),
        ("json[]", "ARRAY[$v${}$v$::json]"),
        ("holder", "ROW($v${}$v$::json)"),
    ] {
        let test = TestDb::with_tables(
            &format!("CREATE TYPE holder AS (held json); CREATE TABLE t (id int PRIMARY KEY, v {column}, n int)"),
            &["t"],
        )
        .await;
        for (id, value) in values.iter().enumerate() {
            let value = make.replace("{}", value);
            test.run(&format!(
                "INSERT INTO t VALUES ({id}, {value}, 1); UPDATE t SET n = 2 WHERE id = {id}"
            ))
            .await;
            let fields: String = test
                .one("SELECT array_to_string(changed_fields, ',') FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC LIMIT 1")
                .await;
            assert_eq!(fields, "n", "{value}");
        }
        let differ: Vec<String> = test
            .all(
                "SELECT t.v::text FROM t JOIN threadline.audit_changes c ON c.op = 'update' AND c.table_pk = jsonb_build_object('id', t.id)
                  WHERE coalesce(c.exact ->> 'v', (jsonb_populate_record(NULL::t, c.data_after)).v::text) <> t.v::text AND t.v::text !~ 'u0000' ORDER BY t.id"
            )
            .await;
        assert_eq!(differ, Vec::<String>::new(), "{column}");
    }
}

#[tokio::test]
async fn a_change_of_the_type_of_a_json_value_alone_is_a_change_even_in_a_column_that_was_retyped()
{
    let test = TestDb::with_tables(
        "CREATE TABLE t (id int PRIMARY KEY, v int, w text, b jsonb)",
        &["public.t"],
    )
    .await;
    test.run("INSERT INTO t VALUES (1, 1, '1', '1')").await;
    test.run(
        "ALTER TABLE t ALTER v TYPE jsonb USING to_jsonb(v), ALTER w TYPE jsonb USING to_jsonb(w)",
    )
    .await;
    for (column, value) in [
        ("v", "\"1\""),
        ("w", "1"),
        ("b", "\"1\""),
        ("v", "1.0"),
        ("v", "1"),
    ] {
        if (column, value) == ("v", "1.0") {
            test.run("UPDATE t SET v = '1.00'").await;
        }
        test.run(&format!("UPDATE t SET {column} = '{value}'"))
            .await;
    }
    let found: Vec<String> = test
        .all("SELECT array_to_string(changed_fields, ',') || changed_from::text FROM threadline.audit_changes WHERE op = 'update' ORDER BY id")
        .await;
    assert_eq!(
        found,
        [
            r#"v{"v": 1}"#,
            r#"w{"w": "1"}"#,
            r#"b{"b": 1}"#,
            r#"v{"v": "1"}"#,
            r#"v{"v": 1.00}"#,
            r#"v{"v": 1.0}"#
        ]
    );
}
