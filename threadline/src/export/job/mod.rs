//! Exports in the background: asked for by an actor, made by a worker, kept for a while, given to the
//! actor who asked.

mod call;
mod download;
mod error;
mod failed;
mod list;
mod order;
mod run;
mod worker;

pub use self::{
    download::{Download, download},
    error::ExportJobError,
    failed::failed_exports,
    list::{ExportJobs, MAX_EXPORT_JOBS, all_export_jobs, export_jobs},
    order::{DEFAULT_KEEP, ExportOrder, order_export},
    worker::{ExportWorker, ExportWorkerHandle},
};
pub use crate::entity::audit_export_job::{JobStatus, Model as ExportJob};
