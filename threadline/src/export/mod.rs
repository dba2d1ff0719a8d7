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
mod exporter;
mod format;
mod formula;
mod json;
mod request;

pub use self::{
    checkpoint::Checkpoint,
    context::MAX_EXPORTED_ACTIONS,
    csv::CSV_COLUMNS,
    end::{CutBy, EXPORT_SCHEMA_VERSION, ExportEnd, ExportHead},
    exporter::{Exporter, WriteExportError},
    format::{ExportFormat, UnknownFormat},
    formula::{cell, read_cell},
    request::{Export, export},
};
