//! `cargo threadline install`

use threadline::{SchemaName, codegen};

use crate::{
    args::InstallArgs,
    error::Result,
    migration::{Marker, MigrationFile, Subject},
    output::Report,
    plan::Plan,
    settings::Settings,
};

/// The end of the migration's name.
const SUFFIX: &str = "threadline_install";

/// Writes and registers the migration of the audit schema, once per project.
///
/// # Errors
/// When the project is not understood, or the schema is installed under another name.
pub(crate) fn run(args: &InstallArgs) -> Result<Report> {
    let settings = Settings::gather(&args.project)?;
    let plan = Plan::read(&settings, &args.write, SUFFIX)?;
    if let Some(installed) = plan.installed()? {
        let found = format!(
            "`{}` already installs the audit schema `{}`",
            plan.shorten(installed.path).display(),
            installed.schema
        );
        let mut report = if plan.is_registered(installed.name) {
            Report::default()
        } else {
            plan.register(installed.name)?
        };
        report.notes.push(found);
        return Ok(report);
    }
    let schema = settings.schema().cloned().unwrap_or_default();
    add(&plan, &schema)
}

fn add(plan: &Plan<'_>, schema: &SchemaName) -> Result<Report> {
    let file = MigrationFile {
        subject: Subject::Install(schema),
        markers: vec![Marker::Install(schema.clone())],
        sql: codegen::base_schema(schema),
    };
    let mut report = plan.add(&file, SUFFIX)?;
    report.warnings.extend(too_late(plan));
    Ok(report)
}

/// Migrations run in the order of the Migrator's list, and captures need the schema.
fn too_late(plan: &Plan<'_>) -> Option<String> {
    let capture = plan.existing.oldest_capture()?;
    Some(format!(
        "`{capture}` stands before it and needs the audit schema: move the new entry of the \
         Migrator's list in front of it"
    ))
}
