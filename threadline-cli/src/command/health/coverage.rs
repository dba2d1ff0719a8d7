use std::collections::BTreeSet;

use threadline::health::{CoverageReport, ExpectedGap, TableCoverage, coverage_evidence};

use super::Target;
use crate::{
    args::CoverageArgs,
    error::{Error, Result},
    output::{self, Report},
};

/// Lists the coverage of each table.
///
/// # Errors
/// When the project is not understood, or the database cannot be looked at.
pub(super) fn run(args: &CoverageArgs) -> Result<Report> {
    let target = Target::open(&args.database)?;
    let mut health = target.health()?;
    if !args.all_schemas {
        health = health.schemas([&args.schema]);
    }
    let report = target.fetch(async |db| health.fetch_coverage(db).await)?;
    if report.tables.is_empty() && !args.all_schemas {
        return Err(no_tables(&args.schema, &target)?);
    }
    target.record(coverage_evidence(&report))?;
    Ok(Report {
        found: args.strict && report.summary.uncovered > 0,
        warnings: target.warnings,
        ..Report::answer_of_version(args.output, &report, text)?
    })
}

/// Where nothing was looked at, nothing is in order: the name may be misspelt.
fn no_tables(schema: &str, target: &Target) -> Result<Error> {
    let health = target.health()?;
    let all = target.fetch(async |db| health.fetch_coverage(db).await)?;
    let schemas: BTreeSet<_> = all.tables.iter().map(|table| table.name.schema()).collect();
    let schemas: Vec<_> = schemas.into_iter().collect();
    Ok(Error::Filter {
        option: "--schema".to_owned(),
        reason: match schemas.as_slice() {
            [] => "no schema has tables".to_owned(),
            schemas => format!(
                "`{schema}` has no tables; the schemas with tables are {}",
                schemas.join(", ")
            ),
        },
    })
}

fn text(report: &CoverageReport) -> String {
    let rows = report.tables.iter().map(|table| {
        [
            table.name.to_string(),
            status(table).to_owned(),
            reason(table),
        ]
    });
    let summary = report.summary;
    format!(
        "{}{} covered, {} need capture, {} expected gaps\n",
        output::table(["TABLE", "STATUS", "REASON"], rows),
        summary.covered,
        summary.uncovered,
        summary.expected_gaps
    )
}

/// The status as people read it.
pub(crate) fn status(table: &TableCoverage) -> &'static str {
    match table.status.as_str() {
        "uncovered" => "needs capture",
        "expected_gap" => "expected gap",
        other => other,
    }
}

/// Why a table has its status.
pub(crate) fn reason(table: &TableCoverage) -> String {
    let expected = table.expected.map(|expected| match expected {
        ExpectedGap::Configured => "named in threadline.toml",
        ExpectedGap::Migrations => "migrations that were applied",
        ExpectedGap::Extension => "belongs to an extension",
        _ => "expected",
    });
    match expected {
        Some(expected) => expected.to_owned(),
        None => {
            let gaps: Vec<_> = table.gaps.iter().map(ToString::to_string).collect();
            gaps.join("; ")
        }
    }
}
