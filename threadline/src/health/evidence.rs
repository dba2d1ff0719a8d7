use std::collections::BTreeSet;

use serde_json::json;

use super::{CoverageReport, CoverageStatus};
use crate::{
    codegen::TableName,
    evidence::{COVERAGE, RecordEvidence, Verdict, record_evidence},
};

/// How many tables are named of those that were expected, and of those that need capture.
const NAMED: usize = 100;

/// Prepares the evidence of a check of the coverage: proven where it looked at tables and none of them needs
/// capture. It says which schemas it looked at.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::health::{Health, coverage_evidence};
///
/// let report = Health::new().fetch_coverage(db).await?;
/// coverage_evidence(&report).insert(db).await?;
/// # Ok(()) }
/// ```
pub fn coverage_evidence(report: &CoverageReport) -> RecordEvidence {
    let tables = report.tables.iter();
    let tables = tables.map(|table| (&table.name, table.status));
    evidence(&report.audit_schema, tables).provenance("schemas", json!(report.schemas))
}

/// As [`coverage_evidence`], of a check of these tables and no others. One that the report does not have
/// needs capture.
pub fn expected_coverage_evidence(
    report: &CoverageReport,
    expected: &BTreeSet<TableName>,
) -> RecordEvidence {
    let status = |name: &TableName| {
        let found = report.tables.iter().find(|table| table.name == *name);
        found.map_or(CoverageStatus::Uncovered, |table| table.status)
    };
    let names: Vec<_> = expected
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let tables = expected.iter().map(|name| (name, status(name)));
    evidence(&report.audit_schema, tables)
        .provenance("expected", expected.len())
        .provenance("expected_tables", json!(names))
}

fn evidence<'a>(
    audit_schema: &str,
    tables: impl Iterator<Item = (&'a TableName, CoverageStatus)>,
) -> RecordEvidence {
    let (mut covered, mut gaps, mut uncovered) = (0_u64, 0_u64, Vec::new());
    for (name, status) in tables {
        match status {
            CoverageStatus::Covered => covered += 1,
            CoverageStatus::ExpectedGap => gaps += 1,
            CoverageStatus::Uncovered => uncovered.push(name.to_string()),
        }
    }
    // Of nothing that was looked at nothing is proven.
    let verdict = if uncovered.is_empty() && covered + gaps > 0 {
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
