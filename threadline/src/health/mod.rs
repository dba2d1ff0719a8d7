//! Whether the audit of a database can be relied on: coverage, findings, policies.
//!
//! [`Health`] is told what the application declares and expects. It reads the catalogue, compares
//! what is deployed with what [`codegen`](crate::codegen) makes, and reports:
//!
//! - [`CoverageReport`]: which tables are captured;
//! - [`FindingsReport`]: what is wrong, each finding with the statement or command that puts it
//!   right;
//! - [`PolicyReport`]: the declared and the deployed policy of each table.
//!
//! Reports serialize to JSON that has [`HEALTH_SCHEMA_VERSION`]. They name schemas, tables, columns
//! and roles, never a value of a row.

mod compare;
mod coverage;
mod declared;
mod difference;
mod evidence;
mod finding;
mod function;
mod policy;
mod policy_report;
mod read;
mod state;
mod subject;
mod trigger;

use self::subject::TableDifferences;
pub use self::{
    coverage::{CoverageReport, CoverageStatus, CoverageSummary, ExpectedGap, TableCoverage},
    declared::DeclaredTable,
    difference::Difference,
    evidence::{coverage_evidence, expected_coverage_evidence},
    finding::{Finding, FindingsReport, Fix, Severity},
    policy_report::{PolicyReport, TablePolicy, Verdict},
    subject::{Health, LATELY_DAYS},
};

/// The version of the JSON form of the reports. Fields are added within a version, never changed or
/// removed.
pub const HEALTH_SCHEMA_VERSION: u32 = 1;

// The code of the guides compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/production-checklist.md")]
struct ProductionChecklist;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/redaction.md")]
struct Redaction;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/incident-playbook.md")]
struct IncidentPlaybook;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/supported-tables.md")]
struct SupportedTables;
