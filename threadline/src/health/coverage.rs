use serde::Serialize;

use super::{HEALTH_SCHEMA_VERSION, difference::Difference};
use crate::codegen::TableName;

/// Which tables are captured; see [`Health::fetch_coverage`](super::Health::fetch_coverage).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CoverageReport {
    /// [`HEALTH_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The schema of the audit tables.
    pub audit_schema: String,
    /// The schemas that were looked at; `None` for every schema.
    pub schemas: Option<Vec<String>>,
    /// How many tables have which status.
    pub summary: CoverageSummary,
    /// The tables, ordered by name.
    pub tables: Vec<TableCoverage>,
}

/// How many tables have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CoverageSummary {
    /// [`CoverageStatus::Covered`].
    pub covered: usize,
    /// [`CoverageStatus::Uncovered`].
    pub uncovered: usize,
    /// [`CoverageStatus::ExpectedGap`].
    pub expected_gaps: usize,
}

/// The coverage of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableCoverage {
    /// The table.
    #[serde(flatten, serialize_with = "crate::json::table")]
    pub name: TableName,
    /// Whether its writes are captured.
    pub status: CoverageStatus,
    /// Whether the application declares it to be audited.
    pub declared: bool,
    /// Why it need not be captured.
    pub expected: Option<ExpectedGap>,
    /// What is wrong with the capture: empty where it is covered.
    pub gaps: Vec<Difference>,
}

/// Whether the writes of a table are captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CoverageStatus {
    /// INSERT, UPDATE, DELETE and TRUNCATE of applications reach the table's own capture function,
    /// which is as it was generated.
    Covered,
    /// Some write is not captured, or not by a function that can be vouched for.
    Uncovered,
    /// It has no capture, and need not have one.
    ExpectedGap,
}

impl CoverageStatus {
    /// The word of the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Uncovered => "uncovered",
            Self::ExpectedGap => "expected_gap",
        }
    }
}

/// Why a table need not be captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpectedGap {
    /// The application says so.
    Configured,
    /// It is where SeaORM notes the migrations that were applied.
    Migrations,
    /// It belongs to an extension.
    Extension,
}

/// The name that SeaORM gives to its table of migrations.
const MIGRATIONS: &str = "seaql_migrations";

/// The coverage of a table with these differences. A table that has a capture, but a broken one, is
/// never an expected gap.
pub(super) fn coverage(
    name: &TableName,
    of_extension: bool,
    declared: bool,
    configured: bool,
    differences: Vec<Difference>,
) -> TableCoverage {
    let gaps: Vec<_> = differences.into_iter().filter(Difference::is_gap).collect();
    let expected = if declared || gaps != [Difference::NotCaptured] {
        None
    } else if configured {
        Some(ExpectedGap::Configured)
    } else if of_extension {
        Some(ExpectedGap::Extension)
    } else {
        (name.table() == MIGRATIONS).then_some(ExpectedGap::Migrations)
    };
    TableCoverage {
        name: name.clone(),
        status: match (gaps.is_empty(), expected) {
            (true, _) => CoverageStatus::Covered,
            (false, Some(_)) => CoverageStatus::ExpectedGap,
            (false, None) => CoverageStatus::Uncovered,
        },
        declared,
        expected,
        gaps: if expected.is_some() { Vec::new() } else { gaps },
    }
}

impl CoverageReport {
    pub(super) fn new(
        audit_schema: &str,
        schemas: Option<Vec<String>>,
        tables: Vec<TableCoverage>,
    ) -> Self {
        let count = |status| tables.iter().filter(|table| table.status == status).count();
        Self {
            schema_version: HEALTH_SCHEMA_VERSION,
            audit_schema: audit_schema.to_owned(),
            schemas,
            summary: CoverageSummary {
                covered: count(CoverageStatus::Covered),
                uncovered: count(CoverageStatus::Uncovered),
                expected_gaps: count(CoverageStatus::ExpectedGap),
            },
            tables,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        table: &str,
        (of_extension, declared, configured): (bool, bool, bool),
        differences: Vec<Difference>,
        expected: CoverageStatus,
    ) {
        let name = table.parse().expect("a name");
        let found = coverage(&name, of_extension, declared, configured, differences);
        assert_eq!(found.status, expected);
        assert_eq!(
            found.gaps.is_empty(),
            expected != CoverageStatus::Uncovered,
            "{found:?}"
        );
    }

    #[test]
    fn only_a_table_that_nobody_declares_and_that_has_no_capture_at_all_is_an_expected_gap() {
        use CoverageStatus::{Covered, ExpectedGap, Uncovered};
        let none = || vec![Difference::NotCaptured];
        let broken = || {
            vec![Difference::MissingEvents {
                events: vec!["DELETE"],
            }]
        };
        check("posts", (false, false, false), none(), Uncovered);
        check("posts", (false, false, true), none(), ExpectedGap);
        check("posts", (true, false, false), none(), ExpectedGap);
        check("posts", (true, true, true), none(), Uncovered);
        check("posts", (true, false, true), broken(), Uncovered);
        check(
            "app.seaql_migrations",
            (false, false, false),
            none(),
            ExpectedGap,
        );
        check(
            "seaql_migrations",
            (false, false, false),
            broken(),
            Uncovered,
        );
        check("posts", (false, true, false), vec![], Covered);
        // What only drifts is captured.
        let column = "extra".to_owned();
        let drift = vec![Difference::ColumnAdded { column }];
        check("posts", (false, true, false), drift, Covered);
    }
}
