//! Limits, and exports that are taken up again.

use threadline::{
    Timeline,
    export::{Checkpoint, CutBy, Export, ExportEnd, ExportFormat, export},
    timeline,
};

use super::{file, ids, notes};
use crate::support::TestDb;

async fn limited(
    limit: u64,
    timeline: Timeline,
    format: ExportFormat,
    test: &TestDb,
) -> (String, ExportEnd) {
    let mut out = Vec::new();
    let prepared = export(timeline).format(format).limit(limit);
    let exporter = prepared.begin(&test.db).await.unwrap();
    let end = exporter.write_to(&mut out).await.unwrap();
    (String::from_utf8(out).unwrap(), end)
}

#[tokio::test]
async fn an_export_that_is_cut_says_so_and_where_the_rest_begins() {
    let test = notes().await;
    for format in ExportFormat::ALL {
        let (all, _) = file(timeline(), format, &test.db).await;
        let mut found = Vec::new();
        let mut query = timeline();
        let mut files = 0;
        loop {
            let (text, end) = limited(4, query, format, &test).await;
            files += 1;
            found.extend(ids(format, &text));
            assert_eq!(end.complete, end.next.is_none());
            assert!(text.contains(if format == ExportFormat::Csv {
                if end.complete {
                    "\"\"complete\"\":true"
                } else {
                    "\"\"complete\"\":false"
                }
            } else if end.complete {
                "\"complete\":true"
            } else {
                "\"complete\":false"
            }));
            let Some(next) = end.next else { break };
            assert_eq!((end.cut_by, end.rows), (Some(CutBy::Limit), 4));
            query = timeline().after(next);
        }
        assert_eq!((found, files), (ids(format, &all), 4));
    }
}

#[tokio::test]
async fn a_limit_that_is_just_enough_cuts_nothing() {
    let test = notes().await;
    for (limit, complete) in [(14, false), (15, true), (16, true)] {
        let (_, end) = limited(limit, timeline(), ExportFormat::Ndjson, &test).await;
        assert_eq!(end.complete, complete, "{limit}");
    }
    // Where it has to look through much to find that nothing is left, it does.
    let rare = timeline().changed_column("body").scan_limit(2);
    let (_, end) = limited(5, rare, ExportFormat::Ndjson, &test).await;
    assert_eq!((end.rows, end.complete), (5, true));
}

/// Interrupts an export after every chunk, and takes it up again.
async fn interrupted(
    format: ExportFormat,
    limit: Option<u64>,
    test: &TestDb,
) -> (String, ExportEnd) {
    let mut prepared = export(timeline()).format(format);
    if let Some(limit) = limit {
        prepared = prepared.limit(limit);
    }
    let mut exporter = prepared.begin(&test.db).await.unwrap();
    let mut out = Vec::new();
    while let Some(chunk) = exporter.next_chunk().await.unwrap() {
        out.extend_from_slice(&chunk);
        if let Some(end) = exporter.end() {
            return (String::from_utf8(out).unwrap(), end.clone());
        }
        let Some(checkpoint) = exporter.checkpoint() else {
            continue;
        };
        out.extend_from_slice(b"what came after the checkpoint");
        drop(exporter);
        let stored = serde_json::to_string(&checkpoint).unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&stored).unwrap();
        out.truncate(usize::try_from(checkpoint.bytes).unwrap());
        exporter = Export::resume(checkpoint, &test.db).await.unwrap();
    }
    panic!("no end")
}

#[tokio::test]
async fn an_export_taken_up_again_after_every_chunk_is_the_same_file() {
    let test = notes().await;
    test.run(
        "INSERT INTO notes SELECT i, repeat(i::text, 100), i FROM generate_series(11, 1400) i",
    )
    .await;
    for format in ExportFormat::ALL {
        let (whole, whole_end) = file(timeline(), format, &test.db).await;
        let (parts, end) = interrupted(format, None, &test).await;
        assert!(end.snapshots > 3, "{end:?}");
        assert_eq!((end.rows, end.complete), (whole_end.rows, true));
        assert_eq!(ids(format, &parts), ids(format, &whole));
        // All but what the ends say of themselves.
        let body = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.pop();
            if format != ExportFormat::Csv {
                lines.remove(0);
            }
            lines
        };
        assert!(body(&parts) == body(&whole), "{format}");
        let (cut, end) = interrupted(format, Some(700), &test).await;
        assert_eq!((end.rows, end.complete), (700, false));
        assert_eq!(ids(format, &cut), ids(format, &whole)[..700]);
        let rest = timeline().after(end.next.unwrap());
        let (rest, _) = file(rest, format, &test.db).await;
        assert_eq!(ids(format, &rest), ids(format, &whole)[700..]);
    }
}
