use threadline::retention::{RetentionStatus, status};

use super::size;
use crate::{
    args::RetentionShowArgs,
    error::Result,
    output::{self, Report, visible},
    trail::second,
};

/// Shows how retention stands.
///
/// # Errors
/// When there is no policy, or the database can't be looked at.
pub(super) fn run(args: &RetentionShowArgs) -> Result<Report> {
    let (database, policy) = super::open(&args.connection)?;
    let status = database.read(async |db| status(&policy, db).await)?;
    Report::answer_of_version(args.output, &status, text)
}

fn text(status: &RetentionStatus) -> String {
    let or = |at: Option<chrono::DateTime<chrono::Utc>>, none: &str| {
        at.map_or_else(|| none.to_owned(), second)
    };
    let lanes = status.lanes.iter().map(|lane| {
        [
            lane.table
                .as_ref()
                .map_or_else(|| "every other table".to_owned(), ToString::to_string),
            lane.class.clone().unwrap_or_else(|| "-".to_owned()),
            format!("{} days", lane.keep_days),
            if lane.keep_last { "stays" } else { "by age" }.to_owned(),
            second(lane.cutoff),
            or(lane.complete_since, "nothing purged"),
            or(lane.oldest_change, "-"),
            lane.overdue_days
                .map_or_else(|| "-".to_owned(), |days| format!("{days} days")),
        ]
    });
    let headings = [
        "TABLE",
        "CLASS",
        "KEPT",
        "LAST OF A LIVE ROW",
        "CUTOFF",
        "COMPLETE SINCE",
        "OLDEST CHANGE",
        "OVERDUE",
    ];
    let mut text = output::table(headings, lanes);
    for hold in &status.holds {
        text += &format!("held: {}\n", visible(&hold.to_string()));
    }
    let partitions = status.partitions.iter().map(|partition| {
        [
            partition.name.clone(),
            or(partition.starts_at, "-"),
            or(partition.ends_at, "-"),
            partition.estimated_rows.to_string(),
            size(partition.bytes),
        ]
    });
    text += "\n";
    text += &output::table(
        ["PARTITION", "FROM", "TO", "CHANGES (ESTIMATED)", "SIZE"],
        partitions,
    );
    if !status.runs.is_empty() {
        let runs = status.runs.iter().map(|run| {
            [
                run.id.to_string(),
                second(run.started_at),
                run.status.as_str().to_owned(),
                run.run_by.clone(),
                run.deleted_changes.to_string(),
                run.dropped_partitions.to_string(),
                format!("{} ms", run.duration_ms()),
                run.error.clone().unwrap_or_default(),
            ]
        });
        text += "\n";
        text += &output::table(
            [
                "RUN", "BEGAN", "STATUS", "BY", "CHANGES", "MONTHS", "TIME", "ERROR",
            ],
            runs,
        );
    }
    text
}
