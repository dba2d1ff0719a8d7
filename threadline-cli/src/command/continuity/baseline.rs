use std::time::Duration;

use threadline::continuity::{BaselinePreview, BaselineRun, baseline};

use crate::{
    args::BaselineArgs,
    database::Database,
    error::Result,
    output::{Progress, Report, visible},
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
    if !args.execution.execute {
        let preview = database.run(async |db| prepared.preview(db).await)?;
        return Report::answer(args.output, &preview, preview_text);
    }
    let done = database.run(async |db| {
        let bar = Progress::begin("rows");
        let show = |progress: threadline::continuity::BaselineProgress| {
            bar.set(progress.rows, progress.estimated_rows);
        };
        prepared.run_with(show, db).await
    })?;
    Report::answer(args.output, &done, done_text)
}

fn preview_text(preview: &BaselinePreview) -> String {
    format!(
        "{}: {} of {} rows would be captured\n",
        visible(&preview.table.to_string()),
        preview.missing,
        preview.rows
    )
}

fn done_text(done: &BaselineRun) -> String {
    format!(
        "{}: {} of {} rows captured in {} ms, the others were known\n",
        visible(&done.table.to_string()),
        done.captured,
        done.rows,
        done.duration_ms
    )
}
