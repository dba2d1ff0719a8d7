//! What a timeline finds as a file.

mod cut;
mod file;
mod job;
mod scope;
mod snapshot;
mod value;

use sea_orm::DatabaseConnection;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt as _, Timeline,
    export::{CSV_COLUMNS, ExportEnd, ExportFormat, export},
    record_action,
};

use crate::support::{TestDb, run};

/// A file and its last record.
async fn file(
    timeline: Timeline,
    format: ExportFormat,
    db: &DatabaseConnection,
) -> (String, ExportEnd) {
    let mut out = Vec::new();
    let exporter = export(timeline).format(format).begin(db).await.unwrap();
    let end = exporter.write_to(&mut out).await.unwrap();
    (String::from_utf8(out).unwrap(), end)
}

/// The rows of a CSV file that are changes, and those that are not.
fn csv_rows(text: &str) -> (Vec<csv::StringRecord>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), CSV_COLUMNS.as_slice());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    rows.into_iter().partition(|row| &row[0] == "change")
}

/// The cell of a column.
#[track_caller]
fn cell<'a>(row: &'a csv::StringRecord, column: &str) -> &'a str {
    let at = CSV_COLUMNS.iter().position(|&name| name == column).unwrap();
    threadline::export::read_cell(&row[at])
}

/// The ids of the changes of a file in any format.
fn ids(format: ExportFormat, text: &str) -> Vec<i64> {
    let of = |value: &serde_json::Value| value["id"].as_i64().unwrap();
    match format {
        ExportFormat::Csv => {
            let rows = csv_rows(text).0;
            rows.iter()
                .map(|row| cell(row, "id").parse().unwrap())
                .collect()
        }
        ExportFormat::Json => {
            let document: serde_json::Value = serde_json::from_str(text).unwrap();
            document["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(of)
                .collect()
        }
        ExportFormat::Ndjson => {
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            let records: Vec<serde_json::Value> = lines.collect();
            records
                .iter()
                .filter(|record| record["record"] == "change")
                .map(of)
                .collect()
        }
    }
}

/// Ten notes by alice with an action, then five by nobody.
async fn notes() -> TestDb {
    let test = TestDb::with_tables(
        "CREATE TABLE notes (id int PRIMARY KEY, body text, price numeric)",
        &["notes"],
    )
    .await;
    let alice = AuditContext::for_actor(ActorRef::user("alice").unwrap())
        .request_id("r-1")
        .correlation_id("c-1");
    let done = test.db.audited_transaction(&alice, async |txn| {
        run(
            txn,
            "INSERT INTO notes SELECT i, 'note ' || i, i + 0.10 FROM generate_series(1, 10) i",
        )
        .await;
        record_action("note.imported")
            .reason("cutover")
            .insert(txn)
            .await?;
        Ok::<_, threadline::Error>(())
    });
    done.await.unwrap();
    test.run("UPDATE notes SET body = NULL WHERE id <= 5").await;
    test
}
