//! `cargo threadline policy`

use threadline::{
    CapturePolicy,
    health::{PolicyReport, TablePolicy, Verdict},
    policy::{CaptureLevel, ContextMode, TruncateMode},
};

use crate::{
    args::{PolicyCommand, PolicyShowArgs},
    command::health::Target,
    error::Result,
    output::{self, Report},
};

/// Runs one of the commands.
///
/// # Errors
/// When the project is not understood, or the database cannot be looked at.
pub(crate) fn run(command: &PolicyCommand) -> Result<Report> {
    match command {
        PolicyCommand::Show(args) => show(args),
    }
}

fn show(args: &PolicyShowArgs) -> Result<Report> {
    let target = Target::open(&args.database)?;
    let health = target.health()?;
    let report = target.fetch(async |db| health.fetch_policies(db).await)?;
    Ok(Report {
        warnings: target.warnings,
        ..Report::answer_of_version(args.output, &report, text)?
    })
}

fn text(report: &PolicyReport) -> String {
    let rows = report.tables.iter().map(|table| {
        [
            table.name.to_string(),
            verdict(table).to_owned(),
            words(table.declared.as_ref()),
            words(table.deployed.as_ref()),
        ]
    });
    let mut text = output::table(["TABLE", "VERDICT", "DECLARED", "DEPLOYED"], rows);
    for table in &report.tables {
        for difference in &table.differences {
            let line = format!("`{}`: {difference}", table.name);
            text += &format!("{}\n", output::visible(&line));
        }
    }
    text
}

fn verdict(table: &TablePolicy) -> &'static str {
    match table.verdict {
        Verdict::CannotTell => "cannot tell",
        verdict => verdict.as_str(),
    }
}

/// A policy in few words: what differs from the default.
fn words(policy: Option<&CapturePolicy>) -> String {
    let Some(policy) = policy else {
        return "-".to_owned();
    };
    let key = policy.primary_key.as_deref().unwrap_or_default();
    let mut words: Vec<_> = [
        ("exclude", policy.exclude.as_slice()),
        ("mask", &policy.mask),
        ("except", &policy.except),
        ("primary_key", key),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(word, names)| format!("{word} {}", names.join(", ")))
    .collect();
    if !policy.store_changed_from {
        words.push("no previous values".to_owned());
    }
    match policy.context {
        ContextMode::Allow => {}
        ContextMode::Warn => words.push("context warn".to_owned()),
        ContextMode::Require => words.push("context require".to_owned()),
    }
    match policy.truncate {
        TruncateMode::Record => {}
        TruncateMode::Refuse => words.push("truncate refuse".to_owned()),
        TruncateMode::Rows => words.push("truncate rows".to_owned()),
    }
    match policy.capture {
        CaptureLevel::Row => {}
        CaptureLevel::Statement => words.push("capture by statement".to_owned()),
    }
    if words.is_empty() {
        return "everything".to_owned();
    }
    words.join("; ")
}
