//! Values that files break on.

use threadline::{
    export::{ExportFormat, export},
    timeline,
};

use super::{cell, csv_rows, file, ids};
use crate::support::TestDb;

const TABLE: &str = "CREATE TABLE \"=cmd|'/c calc'!A1\" (id int PRIMARY KEY, \"a,\"\"b\"\"\" text, n numeric, f float8, j json)";
const NAME: &str = "\"=cmd|'/c calc'!A1\"";

async fn odd() -> TestDb {
    let test = TestDb::new().await;
    test.run(TABLE).await;
    test.capture(NAME, Default::default()).await;
    test.run(&format!(
        "INSERT INTO {NAME} VALUES (1, E'\\t=1+1,\"x\";\\r\\n''\\u2028\\u202e', 123456789012345678901234567890.1234567890, '-0', '{{ \"k\" :  1.50 }}');
         INSERT INTO {NAME} VALUES (2, '', 'NaN', 'Infinity', 'null')"
    ))
    .await;
    test
}

#[tokio::test]
async fn images_are_the_exact_text_of_the_database_in_every_format() {
    let test = odd().await;
    let columns = ["table_pk", "data_after", "exact"];
    for column in columns {
        let expected: Vec<Option<String>> = test
            .all(&format!(
                "SELECT {column}::text FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC"
            ))
            .await;
        let (text, _) = file(timeline(), ExportFormat::Csv, &test.db).await;
        let cells: Vec<_> = csv_rows(&text)
            .0
            .iter()
            .map(|row| Some(cell(row, column).to_owned()).filter(|text| !text.is_empty()))
            .collect();
        assert_eq!(cells, expected, "{column}");
        for format in [ExportFormat::Json, ExportFormat::Ndjson] {
            let (text, _) = file(timeline(), format, &test.db).await;
            for value in expected.iter().flatten() {
                assert!(
                    text.contains(&format!("\"{column}\":{value}")),
                    "{value}\n{text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_cell_of_a_csv_file_begins_like_a_formula() {
    let test = odd().await;
    let (text, _) = file(timeline(), ExportFormat::Csv, &test.db).await;
    let (rows, _) = csv_rows(&text);
    for row in &rows {
        for raw in row {
            assert!(
                !raw.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']),
                "{raw}"
            );
        }
        assert!(row.iter().any(|raw| raw.starts_with("'=cmd")), "{row:?}");
        assert_eq!(cell(row, "table_name"), "=cmd|'/c calc'!A1");
    }
    // Lines end as RFC 4180 says.
    assert!(text.ends_with("\r\n") && text.starts_with("record,captured_at,"));
}

#[tokio::test]
async fn a_line_of_ndjson_is_a_record_whatever_the_values_are() {
    let test = odd().await;
    let (text, end) = file(timeline(), ExportFormat::Ndjson, &test.db).await;
    assert_eq!(text.lines().count() as u64, end.rows + 2);
    assert!(!text.contains('\0'));
}

#[tokio::test]
async fn a_chunk_holds_no_more_than_fits_however_large_the_values_are() {
    let test = TestDb::with_tables(
        "CREATE TABLE blobs (id int PRIMARY KEY, body text)",
        &["blobs"],
    )
    .await;
    test.run("INSERT INTO blobs SELECT i, 'x' FROM generate_series(1, 400) i")
        .await;
    test.run("INSERT INTO blobs SELECT i, repeat(chr(96 + i % 26), 1000000) FROM generate_series(401, 408) i").await;
    test.run("INSERT INTO blobs SELECT i, 'x' FROM generate_series(409, 800) i")
        .await;
    for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
        let mut exporter = export(timeline())
            .format(format)
            .begin(&test.db)
            .await
            .unwrap();
        let mut text = String::new();
        let mut largest = 0;
        while let Some(chunk) = exporter.next_chunk().await.unwrap() {
            largest = largest.max(chunk.len());
            text += std::str::from_utf8(&chunk).unwrap();
        }
        assert!(largest < 7 << 19, "{largest}");
        let found = ids(format, &text);
        let expected: Vec<i64> = test
            .all("SELECT id FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC")
            .await;
        assert_eq!(found, expected);
    }
}

/// Actions of so many bytes for each transaction that a query finds.
async fn actions(test: &TestDb, each: u32, bytes: u32, transactions: &str) {
    test.run(&format!(
        "INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type, details)
         SELECT t.id, 'note.counted', 'ok', 'anonymous', jsonb_build_object('n', i, 'text', repeat('x', {bytes}))
           FROM ({transactions}) t, generate_series(1, {each}) i"
    ))
    .await;
}

#[tokio::test]
async fn a_chunk_holds_no_more_than_fits_however_large_the_actions_are() {
    let test = TestDb::with_tables("CREATE TABLE notes (id int PRIMARY KEY)", &["notes"]).await;
    test.run("INSERT INTO notes SELECT i FROM generate_series(1, 60) i")
        .await;
    actions(
        &test,
        9,
        30_000,
        "SELECT id FROM threadline.audit_transactions",
    )
    .await;
    for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
        let mut exporter = export(timeline())
            .format(format)
            .begin(&test.db)
            .await
            .unwrap();
        let (mut text, mut largest) = (String::new(), 0);
        while let Some(chunk) = exporter.next_chunk().await.unwrap() {
            largest = largest.max(chunk.len());
            text += std::str::from_utf8(&chunk).unwrap();
        }
        // 2 MiB and the change that goes beyond, with its actions.
        assert!(largest < 5 << 19, "{largest}");
        assert_eq!(exporter.end().unwrap().rows, 60);
        let expected: Vec<i64> = test
            .all("SELECT id FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC")
            .await;
        assert_eq!(ids(format, &text), expected);
    }
}

#[tokio::test]
async fn actions_of_many_transactions_stand_beside_their_changes_however_large_they_are() {
    let test = TestDb::with_tables("CREATE TABLE notes (id int PRIMARY KEY)", &["notes"]).await;
    // Forty transactions, each with a change at both ends of what is read at once.
    for round in 0..40 {
        test.run(&format!("INSERT INTO notes VALUES ({round})"))
            .await;
    }
    test.run(
        "INSERT INTO threadline.audit_changes (captured_at, transaction_id, table_schema, table_name, op, table_pk, row_key, data_after)
         SELECT captured_at + interval '1 hour', transaction_id, table_schema, table_name, op, table_pk, row_key, data_after
           FROM threadline.audit_changes ORDER BY id",
    )
    .await;
    actions(
        &test,
        3,
        150_000,
        "SELECT id FROM threadline.audit_transactions WHERE id % 4 <> 0",
    )
    .await;
    let (text, end) = file(timeline(), ExportFormat::Ndjson, &test.db).await;
    assert_eq!((end.rows, end.complete), (80, true));
    let mut found = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["record"] != "change" {
            continue;
        }
        let transaction = line["transaction_id"].as_i64().unwrap();
        assert_eq!(line["transaction"]["id"], transaction);
        let actions = line["actions"].as_array().unwrap();
        // Two of them fill what a change has room for.
        let expected = if transaction % 4 == 0 { 0 } else { 2 };
        assert_eq!(actions.len(), expected, "{transaction}");
        assert!(
            actions
                .iter()
                .all(|action| action["transaction_id"] == transaction)
        );
        assert_eq!(line["actions_has_more"], expected > 0);
        found.push(line["id"].as_i64().unwrap());
    }
    let expected: Vec<i64> = test
        .all("SELECT id FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC")
        .await;
    assert_eq!(found, expected);
}
