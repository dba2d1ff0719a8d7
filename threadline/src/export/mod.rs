//! What a timeline finds as a file: CSV, JSON, NDJSON.
//!
//! An export reads one snapshot of the database, page by page, in constant memory, and holds of every
//! change its images as exact text, who did it and why. Its last record says whether it is complete:
//! a file without it is a part of one. See `docs/export.md`.

mod checkpoint;
mod context;
mod csv;
mod encode;
mod end;
mod evidence;
mod exporter;
mod format;
mod formula;
mod job;
mod json;
mod request;
mod storage;

#[cfg(feature = "object-store")]
pub use self::storage::ObjectStorage;
pub use self::{
    checkpoint::Checkpoint,
    context::{MAX_EXPORTED_ACTION_BYTES, MAX_EXPORTED_ACTIONS},
    csv::CSV_COLUMNS,
    end::{CutBy, EXPORT_SCHEMA_VERSION, ExportEnd, ExportHead},
    evidence::export_evidence,
    exporter::{Exporter, WriteExportError},
    format::{ExportFormat, UnknownFormat},
    formula::{cell, read_cell},
    job::{
        DEFAULT_KEEP, Download, ExportJob, ExportJobError, ExportJobs, ExportOrder, ExportWorker,
        ExportWorkerHandle, JobStatus, MAX_EXPORT_JOBS, all_export_jobs, download, export_jobs,
        failed_exports, order_export,
    },
    request::{Export, export},
    storage::{ExportStorage, LocalStorage, StorageError, Upload},
};

// The code of the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/export.md")]
struct ExportGuide;
