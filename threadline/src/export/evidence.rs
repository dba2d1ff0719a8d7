use serde_json::json;

use super::ExportEnd;
use crate::evidence::{EXPORT, RecordEvidence, Verdict, record_evidence};

/// Prepares the evidence that an export was written: what was asked for, what it holds, and the digest
/// by which the file can be told from every other.
///
/// The digest is the SHA-256 of the whole file in hexadecimal, as
/// [`Exporter::sha256`](super::Exporter::sha256) gives it.
pub fn export_evidence(end: &ExportEnd, bytes: u64, sha256: &str) -> RecordEvidence {
    record_evidence(EXPORT, format!("sha256:{sha256}"))
        .verdict(Verdict::Proven)
        .provenance("rows", end.rows)
        .provenance("bytes", bytes)
        .provenance("complete", end.complete)
        .provenance("format", end.head.format.as_str())
        .provenance("snapshot_at", end.head.snapshot_at.to_rfc3339())
        .provenance("snapshots", end.snapshots)
        .provenance("filters", json!(end.head.filters))
}
