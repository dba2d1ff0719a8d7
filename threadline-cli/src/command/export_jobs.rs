//! `cargo threadline export-jobs`

use serde::Serialize;
use threadline::export::{ExportJob, ExportJobs, all_export_jobs, export_jobs};

use crate::{
    args::ExportJobsArgs,
    database::Database,
    error::Result,
    output::{self, Report, visible},
    trail::second,
};

#[derive(Serialize)]
struct Jobs {
    entries: Vec<ExportJob>,
}

/// Lists the jobs.
///
/// # Errors
/// When the database fails.
pub(crate) fn run(args: &ExportJobsArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let query = query(args);
    let entries = database.read(async |db| query.fetch(db).await)?;
    Report::answer(args.output, &Jobs { entries }, text)
}

fn query(args: &ExportJobsArgs) -> ExportJobs {
    let mut query = match &args.actor {
        Some(actor) => export_jobs(actor.clone()),
        None => all_export_jobs(),
    };
    if let Some(id) = args.below {
        query = query.below(id);
    }
    query.limit(args.limit)
}

fn text(jobs: &Jobs) -> String {
    if jobs.entries.is_empty() {
        return "no jobs\n".to_owned();
    }
    let rows = jobs.entries.iter().map(|job| {
        let became = match &job.failure {
            Some(failure) => format!("{}: {}", job.status.as_str(), visible(failure)),
            None => job.status.as_str().to_owned(),
        };
        [
            job.id.to_string(),
            second(job.enqueued_at),
            visible(&format!("{}:{}", job.actor_type, job.actor_id)),
            job.format.clone(),
            became,
            job.rows.max(0).to_string(),
            visible(job.filters.as_str()),
        ]
    });
    output::table(
        [
            "JOB", "ORDERED", "BY", "FORMAT", "BECAME", "CHANGES", "FILTERS",
        ],
        rows,
    )
}
