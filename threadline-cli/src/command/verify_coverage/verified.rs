use std::collections::BTreeSet;

use serde::Serialize;
use threadline::{
    codegen::TableName,
    health::{CoverageReport, CoverageStatus, DeclaredTable, HEALTH_SCHEMA_VERSION, TableCoverage},
};

use crate::entity::Place;

/// The expected tables and their coverage.
#[derive(Debug, Serialize)]
pub(super) struct Verified<'a> {
    schema_version: u32,
    audit_schema: &'a str,
    /// How many of the expected tables are covered.
    pub(super) covered: usize,
    /// How many are not.
    pub(super) not_covered: usize,
    pub(super) tables: Vec<VerifiedTable<'a>>,
}

/// One expected table.
#[derive(Debug, Serialize)]
pub(super) struct VerifiedTable<'a> {
    #[serde(flatten)]
    pub(super) coverage: &'a TableCoverage,
    /// Where its entity is.
    #[serde(skip)]
    pub(super) place: Option<&'a Place>,
}

impl VerifiedTable<'_> {
    pub(super) fn is_covered(&self) -> bool {
        self.coverage.status == CoverageStatus::Covered
    }
}

impl<'a> Verified<'a> {
    pub(super) fn new(
        report: &'a CoverageReport,
        expected: &BTreeSet<TableName>,
        declared: &'a [(DeclaredTable, Option<Place>)],
    ) -> Self {
        let place = |name: &TableName| {
            let (_, place) = declared.iter().find(|(table, _)| table.name == *name)?;
            place.as_ref()
        };
        let tables: Vec<_> = report
            .tables
            .iter()
            .filter(|table| expected.contains(&table.name))
            .map(|coverage| VerifiedTable {
                coverage,
                place: place(&coverage.name),
            })
            .collect();
        let covered = tables.iter().filter(|table| table.is_covered()).count();
        Self {
            schema_version: HEALTH_SCHEMA_VERSION,
            audit_schema: &report.audit_schema,
            covered,
            not_covered: expected.len() - covered,
            tables,
        }
    }

    pub(super) fn is_covered(&self) -> bool {
        self.not_covered == 0
    }

    pub(super) fn summary(&self) -> String {
        format!(
            "{} of {} expected tables are covered",
            self.covered,
            self.covered + self.not_covered
        )
    }
}
