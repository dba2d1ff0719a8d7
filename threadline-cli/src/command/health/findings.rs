use threadline::health::{FindingsReport, Fix};

use super::Target;
use crate::{
    args::FindingsArgs,
    error::Result,
    output::{Report, visible},
};

/// Lists what is wrong, and what puts it right.
///
/// # Errors
/// When the project is not understood, or the database cannot be looked at.
pub(super) fn run(args: &FindingsArgs) -> Result<Report> {
    let target = Target::open(&args.database)?;
    let mut health = target.health()?;
    if let Some(since) = args.since {
        health = health.since(since);
    }
    let report = target.fetch(async |db| health.fetch_findings(db).await)?;
    Ok(Report {
        found: report.is_alarming(),
        warnings: target.warnings,
        ..Report::answer_of_version(args.output, &report, text)?
    })
}

fn text(report: &FindingsReport) -> String {
    if report.findings.is_empty() {
        return "nothing found\n".to_owned();
    }
    let mut text = String::new();
    for finding in &report.findings {
        let kind = match finding.fix {
            Fix::Sql(_) => "run this SQL",
            Fix::Command(_) => "run, and apply the migration if it writes one",
            _ => "do",
        };
        text += &format!(
            "{} {}\n  {}\n  {kind}:\n",
            finding.severity.as_str(),
            finding.code,
            visible(&finding.message)
        );
        for line in finding.fix.text().lines() {
            text += format!("    {line}").trim_end();
            text += "\n";
        }
    }
    let count = |word| {
        let severity = |f: &&threadline::health::Finding| f.severity.as_str() == word;
        report.findings.iter().filter(severity).count()
    };
    text + &format!(
        "{} critical, {} warnings, {} notes\n",
        count("critical"),
        count("warning"),
        count("info")
    )
}
