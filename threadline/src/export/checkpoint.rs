use serde::{Deserialize, Serialize};

use super::ExportHead;
use crate::query::PageToken;

/// How far an export is, at the end of a chunk: to be stored beside the file, so that an export that
/// was interrupted can be taken up again.
///
/// Cut the file to [`bytes`](Self::bytes) and let [`Export::resume`](super::Export::resume) write the
/// rest behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Checkpoint {
    /// What was asked for.
    pub head: ExportHead,
    /// How many bytes were given out.
    pub bytes: u64,
    /// How many changes are in them.
    pub rows: u64,
    /// Where the rest begins; `None` when only the end is missing.
    pub next: Option<PageToken>,
    /// How many times it looked.
    pub snapshots: u32,
}
