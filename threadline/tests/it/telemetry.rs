//! The events are those of the registry, and nothing that is nobody's business is in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sea_orm::{ConnectionTrait as _, DbErr};
use threadline::{ActorRef, AuditContext, AuditedTransactionExt as _, telemetry::EVENTS};

use crate::support::{TestDb, events::Recorder};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_published_crate_calls_tracing_but_in_the_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut calling = Vec::new();
    for package in [
        "threadline",
        "threadline-actix",
        "threadline-cli",
        "threadline-macros",
    ] {
        let mut files = Vec::new();
        sources(&root.join(package).join("src"), &mut files);
        assert!(files.len() > 2, "{package}: {files:?}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let calls = |line: &str| !line.starts_with("//") && line.contains("tracing");
            if text.lines().map(str::trim).any(calls) {
                calling.push(file.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    assert_eq!(calling, [Path::new("threadline/src/telemetry.rs")]);
}

#[test]
fn the_guide_lists_exactly_the_events_of_the_registry() {
    let ticked = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let listed: Vec<_> = include_str!("../../../docs/telemetry.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            (ticked(cells[1]), cells[2].to_owned(), ticked(cells[3]))
        })
        .collect();
    let registered: Vec<_> = EVENTS
        .iter()
        .map(|event| {
            let fields = event.fields.iter().map(|&field| field.to_owned());
            let level = event.level.as_str().to_lowercase();
            (vec![event.name.to_owned()], level, fields.collect())
        })
        .collect();
    assert_eq!(listed, registered);
}

#[tokio::test]
async fn a_rollback_that_fails_is_told_without_what_the_transaction_held() {
    let test = TestDb::with_tables("CREATE TABLE posts (id int PRIMARY KEY)", &["posts"]).await;
    let (recorder, _guard) = Recorder::listen();
    let context = AuditContext::for_actor(ActorRef::user("secret-actor").unwrap())
        .correlation_id("secret-correlation");
    let broken = test
        .db
        .audited_transaction(&context, async |txn| {
            txn.execute_unprepared("SELECT 'secret-value', pg_terminate_backend(pg_backend_pid())")
                .await?;
            Ok::<_, DbErr>(())
        })
        .await;
    assert!(broken.is_err());
    let events = recorder.checked(&["secret"]);
    let names: Vec<_> = events.iter().map(|event| event.name).collect();
    assert_eq!(names, ["transaction.rollback_failed"]);
    assert_eq!(events[0].fields["error_kind"], "connection");
}
