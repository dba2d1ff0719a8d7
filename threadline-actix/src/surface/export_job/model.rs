//! The model of the page of export jobs. Pure.

use minijinja::{Value, context};
use serde::Serialize;
use threadline::export::{ExportJob, JobStatus};

use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    text::size,
    trail::{ActorName, instant_view, split},
};

/// How much of the filters of a job is shown.
const FILTERS: usize = 300;

/// Who ordered which export, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportJobsPage {
    /// The jobs, newest first.
    pub(crate) jobs: Vec<ExportJob>,
    /// The job that these were ordered before; `None` where they are the newest.
    pub(crate) below: Option<i64>,
    /// The parameter `below` of the page with older jobs.
    pub(crate) older: Option<i64>,
}

impl Page for ExportJobsPage {
    const TEMPLATE: &'static str = "export_jobs";

    fn head(&self) -> Head {
        Head {
            title: "Export jobs".to_owned(),
            section: Section::None,
            command: Some(Command::new("export-jobs").option_if("--below", self.below)),
        }
    }

    fn view(&self, links: &Links) -> Value {
        context! {
            jobs => self.jobs.iter().map(|job| job_view(job, links)).collect::<Vec<_>>(),
            first => self.below.is_none(),
            newest => links.export_jobs(""),
            older => self.older.map(|id| links.export_jobs(&format!("below={id}"))),
        }
    }
}

fn job_view(job: &ExportJob, links: &Links) -> Value {
    let actor = ActorName::of(Some(&job.actor_type), Some(&job.actor_id));
    let (filters, rest) = split(job.filters.as_str(), FILTERS);
    context! {
        id => job.id,
        ordered => instant_view(job.enqueued_at),
        actor => actor.map(|actor| actor.view(links)),
        format => job.format.as_str(),
        filters,
        cut => !rest.is_empty(),
        status => job.status.as_str(),
        state => match job.status {
            JobStatus::Failed => "drift",
            JobStatus::Queued | JobStatus::Running => "unknown",
            JobStatus::Completed | JobStatus::Expired => "covered",
        },
        failure => job.failure.as_deref(),
        attempts => job.attempts,
        max_attempts => job.max_attempts,
        changes => job.rows.max(0),
        partial => job.complete == Some(false),
        size => job.bytes.map(size),
    }
}
