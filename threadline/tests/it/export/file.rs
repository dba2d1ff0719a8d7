use std::io::{self, Write};

use futures_util::TryStreamExt as _;
use threadline::{
    ActorRef, Error, Op,
    export::{EXPORT_SCHEMA_VERSION, ExportFormat, WriteExportError, export},
    timeline,
};

use super::{cell, csv_rows, file, ids, notes};

#[tokio::test]
async fn every_format_holds_what_the_timeline_finds_in_its_order() {
    let test = notes().await;
    let queries = [
        timeline(),
        timeline().table("notes").op(Op::Update),
        timeline().actor(ActorRef::user("alice").unwrap()),
        timeline().no_actor(),
        timeline().correlation_id("c-1"),
        timeline().action("note.imported"),
        timeline().changed_column("body"),
        timeline().table("nothing"),
    ];
    for query in queries {
        let page = query.clone().fetch(&test.db).await.unwrap();
        let found: Vec<_> = page.entries.iter().map(|change| change.id).collect();
        for format in ExportFormat::ALL {
            let (text, end) = file(query.clone(), format, &test.db).await;
            assert_eq!(ids(format, &text), found, "{query:?}");
            assert_eq!(end.rows, found.len() as u64);
            assert!(end.complete && end.next.is_none() && end.cut_by.is_none());
            assert_eq!(end.head.filters, query.filters());
        }
    }
}

#[tokio::test]
async fn a_change_says_who_did_it_and_why() {
    let test = notes().await;
    let query = || timeline().op(Op::Insert);
    let (text, _) = file(query(), ExportFormat::Csv, &test.db).await;
    let (rows, _) = csv_rows(&text);
    for row in &rows {
        assert_eq!(cell(row, "actor_type"), "user");
        assert_eq!(cell(row, "actor_id"), "alice");
        assert_eq!(cell(row, "request_id"), "r-1");
        assert_eq!(cell(row, "correlation_id"), "c-1");
        let actions: serde_json::Value = serde_json::from_str(cell(row, "actions")).unwrap();
        assert_eq!(actions[0]["name"], "note.imported");
        assert_eq!(actions[0]["reason"], "cutover");
    }
    let (text, _) = file(query(), ExportFormat::Ndjson, &test.db).await;
    let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["transaction"]["actor"]["id"], "alice");
    assert_eq!(line["actions"][0]["name"], "note.imported");
    assert_eq!(line["actions_has_more"], false);
    let (text, _) = file(timeline().no_actor(), ExportFormat::Csv, &test.db).await;
    for row in &csv_rows(&text).0 {
        assert_eq!(cell(row, "actor_type"), "");
        assert_eq!(cell(row, "actions"), "[]");
    }
}

#[tokio::test]
async fn actions_beyond_the_hundredth_are_left_out_and_that_is_said() {
    let test = notes().await;
    test.run(
        "INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type)
         SELECT t.id, 'note.counted', 'ok', 'anonymous' FROM threadline.audit_transactions t, generate_series(1, 100)
          WHERE t.actor_id = 'alice'",
    )
    .await;
    let (text, _) = file(timeline().op(Op::Insert), ExportFormat::Ndjson, &test.db).await;
    let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["actions"].as_array().unwrap().len(), 100);
    assert_eq!(line["actions"][0]["name"], "note.imported");
    assert_eq!(line["actions_has_more"], true);
}

#[tokio::test]
async fn the_last_record_is_the_end_in_every_format() {
    let test = notes().await;
    let (text, end) = file(timeline(), ExportFormat::Csv, &test.db).await;
    let (_, others) = csv_rows(&text);
    let [row] = others.as_slice() else {
        panic!("{others:?}")
    };
    assert_eq!(cell(row, "record"), "end");
    let read: serde_json::Value = serde_json::from_str(cell(row, "summary")).unwrap();
    assert_eq!(read, serde_json::to_value(&end).unwrap());
    assert_eq!(read["schema_version"], EXPORT_SCHEMA_VERSION);

    let (text, end) = file(timeline(), ExportFormat::Ndjson, &test.db).await;
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["record"], "header");
    assert_eq!(lines[0]["schema_version"], EXPORT_SCHEMA_VERSION);
    let last = lines.last().unwrap();
    assert_eq!(last["record"], "end");
    assert_eq!(last["rows"], end.rows);

    let (text, end) = file(timeline(), ExportFormat::Json, &test.db).await;
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["header"]["schema_version"], EXPORT_SCHEMA_VERSION);
    assert_eq!(document["end"]["rows"], end.rows);
    assert_eq!(document["end"]["complete"], true);
}

#[tokio::test]
async fn a_stream_gives_the_same_bytes_and_the_end() {
    let test = notes().await;
    for format in ExportFormat::ALL {
        let begin = || async {
            let prepared = export(timeline()).format(format);
            prepared.begin(&test.db).await.unwrap()
        };
        let mut expected = Vec::new();
        begin().await.write_to(&mut expected).await.unwrap();
        let mut end = None;
        let stream = begin()
            .await
            .into_stream_with(|last| end = Some(last.clone()));
        let chunks: Vec<_> = stream.try_collect().await.unwrap();
        let without_time = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let (before, after) = text.rsplit_once("snapshot_at").unwrap();
            (
                before
                    .rsplit_once("snapshot_at")
                    .map_or(before, |parts| parts.0)
                    .len(),
                after[35..].to_owned(),
            )
        };
        assert_eq!(without_time(&chunks.concat()), without_time(&expected));
        assert_eq!(end.unwrap().rows, 15);
    }
}

#[tokio::test]
async fn a_stream_can_be_the_body_of_a_response_on_another_thread() {
    fn sendable<T: Send + 'static>(stream: T) -> T {
        stream
    }
    let test = notes().await;
    let exporter = export(timeline()).begin(&test.db).await.unwrap();
    let stream = sendable(exporter.into_stream());
    let read = tokio::spawn(async move { stream.try_collect::<Vec<_>>().await });
    assert!(!read.await.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn an_export_that_is_dropped_or_over_gives_its_connection_back() {
    let test = notes().await;
    let db = test.pool(1).await;
    for _ in 0..3 {
        let mut exporter = export(timeline()).begin(&db).await.unwrap();
        exporter.next_chunk().await.unwrap();
        drop(exporter);
        let (_, end) = file(timeline(), ExportFormat::Csv, &db).await;
        assert_eq!(end.rows, 15);
    }
}

#[tokio::test]
async fn a_writer_that_fails_ends_the_export() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let test = notes().await;
    let exporter = export(timeline()).begin(&test.db).await.unwrap();
    let err = exporter.write_to(Full).await.unwrap_err();
    let WriteExportError::Write(err) = err else {
        panic!("{err:?}")
    };
    assert_eq!(err.kind(), io::ErrorKind::StorageFull);
}

#[tokio::test]
async fn a_bad_filter_is_refused_before_anything_is_given_out() {
    let test = notes().await;
    let refused = export(timeline().table("")).begin(&test.db).await;
    assert!(matches!(
        refused,
        Err(Error::InvalidFilter {
            filter: "table",
            ..
        })
    ));
    let page = timeline().page_size(1).fetch(&test.db).await.unwrap();
    let other = timeline().table("notes").after(page.next.unwrap());
    let refused = export(other).begin(&test.db).await;
    assert!(matches!(refused, Err(Error::InvalidPageToken(_))));
    let page = timeline().page_size(1).fetch(&test.db).await.unwrap();
    let backwards = export(timeline().before(page.next.unwrap()))
        .begin(&test.db)
        .await;
    assert!(matches!(
        backwards,
        Err(Error::InvalidFilter {
            filter: "before",
            ..
        })
    ));
}
