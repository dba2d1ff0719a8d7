use serde_json::json;

use super::{CoverageStatus, TableCoverage};
use crate::evidence::{COVERAGE, RecordEvidence, Verdict, record_evidence};

/// How many tables that need capture are named.
const NAMED: usize = 100;

/// Prepares the evidence of a check of the coverage: proven where no table needs capture.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::health::{Health, coverage_evidence};
///
/// let report = Health::new().fetch_coverage(db).await?;
/// coverage_evidence(&report.audit_schema, &report.tables).insert(db).await?;
/// # Ok(()) }
/// ```
pub fn coverage_evidence<'a>(
    audit_schema: &str,
    tables: impl IntoIterator<Item = &'a TableCoverage>,
) -> RecordEvidence {
    let (mut covered, mut gaps, mut uncovered) = (0_u64, 0_u64, Vec::new());
    for table in tables {
        match table.status {
            CoverageStatus::Covered => covered += 1,
            CoverageStatus::ExpectedGap => gaps += 1,
            CoverageStatus::Uncovered => uncovered.push(table.name.to_string()),
        }
    }
    let verdict = if uncovered.is_empty() {
        Verdict::Proven
    } else {
        Verdict::Unsupported
    };
    let count = uncovered.len();
    uncovered.truncate(NAMED);
    record_evidence(COVERAGE, audit_schema)
        .verdict(verdict)
        .provenance("covered", covered)
        .provenance("expected_gaps", gaps)
        .provenance("uncovered", count)
        .provenance("uncovered_tables", json!(uncovered))
}
