use std::collections::BTreeSet;

use threadline::health::{DeclaredTable, expected_coverage_evidence};

use super::{github, junit, verified::Verified};
use crate::{
    args::{Format, VerifyCoverageArgs},
    command::health::{Target, coverage, target::names},
    error::{Error, Result},
    json::json_of_version,
    output::{self, Report},
};

/// Checks that the expected tables are captured.
///
/// # Errors
/// When nothing is expected, the project is not understood, or the database cannot be looked at.
pub(crate) fn run(args: &VerifyCoverageArgs) -> Result<Report> {
    let target = Target::open(&args.database)?;
    let expected = &target.config().coverage.expected;
    let mut expected: BTreeSet<_> = names("expected", expected)?.into_iter().collect();
    if expected.is_empty() {
        expected.extend(target.declared.iter().map(|(table, _)| table.name.clone()));
    }
    if expected.is_empty() {
        return Err(Error::NothingExpected);
    }
    // Whatever else is said of it: a table that is expected is no expected gap.
    let health = target.health()?.declare(expected.iter().map(|name| {
        let declared = target
            .declared
            .iter()
            .find(|(table, _)| table.name == *name);
        declared.map_or_else(
            || DeclaredTable {
                name: name.clone(),
                policy: Default::default(),
                key: Vec::new(),
            },
            |(table, _)| table.clone(),
        )
    }));
    let report = target.fetch(async |db| health.fetch_coverage(db).await)?;
    let verified = Verified::new(&report, &expected, &target.declared);
    target.record(expected_coverage_evidence(&report, &expected))?;
    let format = if args.json { Format::Json } else { args.format };
    Ok(Report {
        found: !verified.is_covered(),
        text: match format {
            Format::Table => table(&verified),
            Format::Json => json_of_version(&verified)?,
            Format::Github => github::text(&verified),
            Format::Junit => junit::text(&verified)?,
        },
        warnings: target.warnings,
        ..Report::default()
    })
}

fn table(verified: &Verified<'_>) -> String {
    let rows = verified.tables.iter().map(|table| {
        [
            table.coverage.name.to_string(),
            coverage::status(table.coverage).to_owned(),
            coverage::reason(table.coverage),
        ]
    });
    format!(
        "{}{}\n",
        output::table(["TABLE", "STATUS", "REASON"], rows),
        verified.summary()
    )
}
