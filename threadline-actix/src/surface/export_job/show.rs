use threadline::export::all_export_jobs;

use super::model::ExportJobsPage;
use crate::surface::{failure::Failure, reads::Reads, visit::Visit};

/// How many jobs a page has.
const PAGE_SIZE: usize = 50;

/// Shows the jobs.
pub(crate) async fn show(visit: &Visit, reads: &Reads) -> Result<ExportJobsPage, Failure> {
    if !visit.sees_exports() {
        return Err(Failure::NotFound { what: "page" });
    }
    let mut parameters = visit.parameters()?;
    let below: Option<i64> = parameters.read("below")?;
    parameters.finish(&["below"])?;
    let mut jobs = all_export_jobs().limit(PAGE_SIZE as u64 + 1);
    if let Some(id) = below {
        jobs = jobs.below(id);
    }
    let mut jobs = jobs.fetch(reads.db()).await?;
    let has_more = jobs.len() > PAGE_SIZE;
    jobs.truncate(PAGE_SIZE);
    Ok(ExportJobsPage {
        below,
        older: jobs.last().map(|job| job.id).filter(|_| has_more),
        jobs,
    })
}
