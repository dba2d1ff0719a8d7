use std::time::Duration;

use threadline::continuity::{BaselinePreview, BaselineRun, baseline};

use crate::{
    args::BaselineArgs,
    database::Database,
    error::Result,
    json::json,
    output::{Progress, Report},
};

/// Captures the rows that the trail does not know, or counts them.
///
/// # Errors
/// When the table can't be taken, or the database fails.
pub(super) fn run(args: &BaselineArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let mut prepared = baseline(args.table.clone())
        .chunk_size(args.chunk_size)
        .pause(Duration::from_millis(args.pause.into()));
    if let Some(actor) = &args.actor {
        prepared = prepared.actor(actor.clone());
    }
    let text = if args.execution.execute {
        let bar = Progress::begin();
        let done = database.run(async |db| {
            let show = |progress: threadline::continuity::BaselineProgress| {
                bar.set(progress.rows, progress.estimated_rows);
            };
            prepared.run_with(show, db).await
        });
        bar.end();
        let done = done?;
        if args.output.json {
            json(&done)?
        } else {
            done_text(&done)
        }
    } else {
        let preview = database.run(async |db| prepared.preview(db).await)?;
        if args.output.json {
            json(&preview)?
        } else {
            preview_text(&preview)
        }
    };
    Ok(Report {
        text,
        ..Report::default()
    })
}

fn preview_text(preview: &BaselinePreview) -> String {
    format!(
        "{}: {} of {} rows would be captured\n",
        preview.table, preview.missing, preview.rows
    )
}

fn done_text(done: &BaselineRun) -> String {
    format!(
        "{}: {} of {} rows captured in {} ms, the others were known\n",
        done.table, done.captured, done.rows, done.duration_ms
    )
}
