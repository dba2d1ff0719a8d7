use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ExportFormat;
use crate::query::{PageToken, TimelineFilters};

/// The version of what an export writes. Columns and fields are added within a version, never
/// changed or removed.
pub const EXPORT_SCHEMA_VERSION: u32 = 1;

/// What an export was asked for, and when it looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportHead {
    /// [`EXPORT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// How it is written.
    pub format: ExportFormat,
    /// The instant, by the server's clock, at which it looked: what was committed by then is in it.
    pub snapshot_at: DateTime<Utc>,
    /// The filters.
    pub filters: TimelineFilters,
    /// The page token it began at; `None` for the newest change.
    pub after: Option<PageToken>,
    /// The most changes it may hold; `None` for any number.
    pub limit: Option<u64>,
}

/// The last record of an export: a file without it is a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportEnd {
    /// Whether it holds every change that the filters find.
    pub complete: bool,
    /// Why it does not.
    pub cut_by: Option<CutBy>,
    /// Where the rest begins.
    pub next: Option<PageToken>,
    /// How many changes it holds.
    pub rows: u64,
    /// How many times it looked: more than once where it was taken up again after an interruption.
    pub snapshots: u32,
    /// What was asked for.
    #[serde(flatten)]
    pub head: ExportHead,
}

/// Why an export does not hold everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CutBy {
    /// It holds as many changes as it may.
    Limit,
}

impl CutBy {
    /// The name used in files and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
        }
    }
}
