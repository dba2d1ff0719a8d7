//! The page of coverage. Pure.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;
use threadline::health::{
    CoverageReport, CoverageStatus, CoverageSummary, ExpectedGap, Finding, Fix, Severity,
    TableCoverage,
};

use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    prose::sentence,
};

/// How many tables the page lists; the JSON has all of them.
const SHOWN: usize = 500;
/// The longest fix that the page shows, in bytes: nobody reads more, and half of one is worse than none.
const LONGEST_FIX: usize = 12_000;

/// Which tables are captured, and what is wrong with the capture.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CoveragePage {
    /// The schema of the audit tables.
    audit_schema: String,
    /// The schema whose tables are listed; `null` for all of them.
    schema: Option<String>,
    /// Every schema that has tables.
    schemas: Vec<SchemaCoverage>,
    /// How many of the listed tables have which status.
    summary: CoverageSummary,
    /// The tables: those that need capture first, then by name.
    tables: Vec<TableCoverage>,
    /// What is wrong in any schema, the gravest first.
    findings: Vec<Finding>,
}

/// How many tables of a schema there are, and how many of them need capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SchemaCoverage {
    schema: String,
    tables: usize,
    uncovered: usize,
}

/// The schemas that have tables.
pub(crate) struct Schemas(Vec<SchemaCoverage>);

/// What asks for all schemas.
const ALL: &str = "*";
/// The schema that is listed where nobody said which.
const USUAL: &str = "public";

impl Schemas {
    pub(crate) fn of(tables: &[TableCoverage]) -> Self {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for table in tables {
            let count = counts.entry(table.name.schema()).or_default();
            count.0 += 1;
            count.1 += usize::from(table.status == CoverageStatus::Uncovered);
        }
        let counts = counts.into_iter();
        Self(
            counts
                .map(|(schema, (tables, uncovered))| SchemaCoverage {
                    schema: schema.to_owned(),
                    tables,
                    uncovered,
                })
                .collect(),
        )
    }

    /// The schema to list, `None` for all.
    ///
    /// # Errors
    /// When there is no such schema; says which there are.
    pub(crate) fn choose(&self, asked: Option<String>) -> Result<Option<String>, String> {
        let known = |name: &str| self.0.iter().any(|known| known.schema == name);
        match asked {
            Some(name) if name == ALL => Ok(None),
            Some(name) if known(&name) => Ok(Some(name)),
            Some(_) => {
                let names: Vec<_> = self.0.iter().map(|known| known.schema.as_str()).collect();
                Err(format!(
                    "no such schema has tables; there are {}, and {ALL} for all of them",
                    names.join(", ")
                ))
            }
            None if known(USUAL) => Ok(Some(USUAL.to_owned())),
            None => Ok(match self.0.as_slice() {
                [only] => Some(only.schema.clone()),
                _ => None,
            }),
        }
    }
}

impl CoveragePage {
    pub(crate) fn new(
        report: CoverageReport,
        schemas: Schemas,
        schema: Option<String>,
        findings: Vec<Finding>,
    ) -> Self {
        let is_listed = |table: &TableCoverage| {
            schema
                .as_deref()
                .is_none_or(|name| name == table.name.schema())
        };
        let mut tables: Vec<_> = report.tables.into_iter().filter(is_listed).collect();
        tables.sort_by_key(|table| rank(table.status));
        let count = |status| tables.iter().filter(|table| table.status == status).count();
        let mut summary = CoverageSummary::default();
        summary.covered = count(CoverageStatus::Covered);
        summary.uncovered = count(CoverageStatus::Uncovered);
        summary.expected_gaps = count(CoverageStatus::ExpectedGap);
        Self {
            audit_schema: report.audit_schema,
            schema,
            schemas: schemas.0,
            summary,
            tables,
            findings,
        }
    }
}

fn rank(status: CoverageStatus) -> u8 {
    match status {
        CoverageStatus::Uncovered => 0,
        CoverageStatus::Covered => 1,
        _ => 2,
    }
}

impl Page for CoveragePage {
    const TEMPLATE: &'static str = "coverage";

    fn head(&self) -> Head {
        let command = Command::new("health coverage");
        Head {
            title: "Coverage".to_owned(),
            section: Section::Coverage,
            command: Some(match &self.schema {
                Some(schema) => command.option("--schema", schema),
                None => command.flag("--all-schemas"),
            }),
        }
    }

    fn view(&self, links: &Links) -> Value {
        let options = self.schemas.iter().map(|of| {
            context! {
                value => of.schema.as_str(),
                label => of.schema.as_str(),
                tables => of.tables,
                uncovered => of.uncovered,
                selected => self.schema.as_ref() == Some(&of.schema),
            }
        });
        let all = context! {
            value => ALL,
            label => "all schemas",
            tables => self.schemas.iter().map(|of| of.tables).sum::<usize>(),
            uncovered => self.schemas.iter().map(|of| of.uncovered).sum::<usize>(),
            selected => self.schema.is_none(),
        };
        let summary = self.summary;
        context! {
            action => links.coverage(""),
            schema => self.schema.as_deref(),
            schemas => options.chain([all]).collect::<Vec<_>>(),
            covered => summary.covered,
            uncovered => summary.uncovered,
            expected => summary.expected_gaps,
            share => share(summary),
            tables => self.tables.iter().take(SHOWN).map(|table| table_view(table, links)).collect::<Vec<_>>(),
            more => self.tables.len().saturating_sub(SHOWN),
            findings => self.findings.iter().map(finding_view).collect::<Vec<_>>(),
            findings_command => Command::new("health findings").to_string(),
        }
    }
}

/// Where the parts of a bar of 100 end: covered, then expected gaps; the rest needs capture. What is there is seen.
fn share(summary: CoverageSummary) -> Value {
    let parts = [summary.covered, summary.expected_gaps, summary.uncovered];
    let all: usize = parts.iter().sum();
    let width = |part: usize| match part {
        0 => 0,
        part => (part * 100 / all).max(1),
    };
    let (expected, uncovered) = (width(parts[1]), width(parts[2]));
    let covered = 100usize.saturating_sub(expected + uncovered);
    let covered = if parts[0] == 0 { 0 } else { covered };
    context! { covered, expected, uncovered }
}

fn table_view(table: &TableCoverage, links: &Links) -> Value {
    let (status, words) = match table.status {
        CoverageStatus::Covered => ("covered", "covered"),
        CoverageStatus::Uncovered => ("uncovered", "needs capture"),
        _ => ("expected", "expected gap"),
    };
    let expected = table.expected.map(|expected| match expected {
        ExpectedGap::Configured => "the application expects it",
        ExpectedGap::Migrations => "migrations that were applied",
        ExpectedGap::Extension => "belongs to an extension",
        _ => "expected",
    });
    let reasons = match expected {
        Some(expected) => vec![expected.to_owned()],
        None => table.gaps.iter().map(ToString::to_string).collect(),
    };
    context! {
        schema => table.name.schema(),
        table => table.name.table(),
        status,
        words,
        declared => table.declared,
        reasons,
        link => links.timeline_of(table.name.schema(), table.name.table()),
    }
}

/// One finding.
fn finding_view(finding: &Finding) -> Value {
    let (severity, words) = match finding.severity {
        Severity::Critical => ("critical", "critical"),
        Severity::Warning => ("warning", "warning"),
        _ => ("info", "note"),
    };
    let (kind, label) = match finding.fix {
        Fix::Sql(_) => (
            "sql",
            "Run this SQL as the owner of the objects or a superuser",
        ),
        Fix::Command(_) => (
            "command",
            "Run this in the project, then apply the migration",
        ),
        _ => ("edit", "To do"),
    };
    let text = finding.fix.text().trim_end();
    let shown = text.len() <= LONGEST_FIX;
    context! {
        code => finding.code,
        severity,
        words,
        message => sentence(&finding.message),
        kind,
        label,
        fix => shown.then(|| match finding.fix {
            Fix::Edit(_) => sentence(text),
            _ => text.to_owned(),
        }),
        lines => text.lines().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas(names: &[&str]) -> Schemas {
        let of = |schema: &&str| SchemaCoverage {
            schema: (*schema).to_owned(),
            tables: 1,
            uncovered: 0,
        };
        Schemas(names.iter().map(of).collect())
    }

    #[test]
    fn the_usual_schema_is_listed_unless_another_is_asked_for() {
        let asked = |name: &str| Some(name.to_owned());
        let two = schemas(&["app", "public"]);
        assert_eq!(two.choose(None), Ok(asked("public")));
        assert_eq!(two.choose(asked("app")), Ok(asked("app")));
        assert_eq!(two.choose(asked("*")), Ok(None));
        let error = two.choose(asked("apps")).expect_err("no such schema");
        assert!(error.contains("app, public"), "{error}");
        assert_eq!(schemas(&["app"]).choose(None), Ok(asked("app")));
        assert_eq!(schemas(&["a", "b"]).choose(None), Ok(None));
        assert_eq!(schemas(&[]).choose(None), Ok(None));
    }

    #[test]
    fn the_bar_is_full_and_shows_the_smallest_part() {
        let check = |covered, expected_gaps, uncovered| {
            let mut summary = CoverageSummary::default();
            summary.covered = covered;
            summary.expected_gaps = expected_gaps;
            summary.uncovered = uncovered;
            let share = share(summary);
            ["covered", "expected", "uncovered"].map(|part| {
                let width = share.get_attr(part).expect("a part");
                usize::try_from(width).expect("a number")
            })
        };
        assert_eq!(check(0, 0, 0), [0, 0, 0]);
        assert_eq!(check(1, 0, 0), [100, 0, 0]);
        assert_eq!(check(0, 0, 3), [0, 0, 100]);
        assert_eq!(check(998, 1, 1), [98, 1, 1]);
        assert_eq!(check(2, 1, 1), [50, 25, 25]);
    }
}
