use std::time::Duration;

use threadline::retention::{PurgePreview, RetentionRun, purge};

use crate::{
    args::RetentionPurgeArgs,
    error::Result,
    output::{self, Report},
    trail::second,
};

/// Deletes what may go, or counts it.
///
/// # Errors
/// When there is no policy, another run goes on, or the database fails.
pub(super) fn run(args: &RetentionPurgeArgs) -> Result<Report> {
    let (database, policy) = super::open(&args.connection)?;
    let mut prepared = purge(&policy)
        .batch_size(args.batch_size)
        .pause(Duration::from_millis(args.pause.into()));
    if let Some(actor) = &args.actor {
        prepared = prepared.actor(actor.clone());
    }
    if args.execution.execute {
        let run = database.run(async |db| prepared.run(db).await)?;
        Report::answer(args.output, &run, done_text)
    } else {
        let preview = database.read(async |db| prepared.preview(db).await)?;
        Report::answer(args.output, &preview, preview_text)
    }
}

fn preview_text(preview: &PurgePreview) -> String {
    let rows = preview.tables.iter().map(|table| {
        [
            table.table.to_string(),
            second(table.cutoff),
            table.may_go.to_string(),
            table.stay.to_string(),
        ]
    });
    format!(
        "{}{} changes would go, {} old ones would stay\n",
        output::table(["TABLE", "CUTOFF", "WOULD GO", "WOULD STAY"], rows),
        preview.may_go(),
        preview.stay()
    )
}

fn done_text(run: &RetentionRun) -> String {
    format!(
        "run {} {}: {} changes, {} transactions and {} actions are gone, {} rows looked at in {} ms\n",
        run.id,
        run.status.as_str(),
        run.deleted_changes,
        run.deleted_transactions,
        run.deleted_actions,
        run.examined,
        run.duration_ms()
    )
}
