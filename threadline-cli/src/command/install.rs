//! `cargo threadline install`

use threadline::{
    SchemaName,
    codegen::{self, MigrationSql},
};

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

/// The end of the name of a migration that brings the schema up to date.
const UPGRADE: &str = "threadline_upgrade";
/// What such a migration runs on its way down.
const NOTHING: &str = "-- Nothing is taken back.\n";

/// Writes and registers the migration of the audit schema: the first one, and one whenever the library
/// makes another schema than the newest.
///
/// # Errors
/// When the project is not understood, or the schema is installed under another name.
pub(crate) fn run(args: &InstallArgs) -> Result<Report> {
    let settings = Settings::gather(&args.project)?;
    let plan = Plan::read(&settings, &args.write, SUFFIX)?;
    let Some(installed) = plan.installed()? else {
        let schema = settings.schema().cloned().unwrap_or_default();
        return add(&plan, &schema);
    };
    let path = plan.shorten(installed.path);
    let (path, schema) = (path.display(), installed.schema);
    let found = format!("`{path}` already installs the audit schema `{schema}`");
    let (mut report, found) = if !plan.is_registered(installed.name) {
        (plan.register(installed.name)?, found)
    } else if installed.runs(&codegen::base_schema(schema).up) {
        (Report::default(), found)
    } else {
        let found = format!(
            "`{path}` installs the audit schema `{schema}` of another version of Threadline; the new \
             migration brings it to this one"
        );
        (upgrade(&plan, schema)?, found)
    };
    report.notes.push(found);
    Ok(report)
}

fn upgrade(plan: &Plan<'_>, schema: &SchemaName) -> Result<Report> {
    let file = MigrationFile {
        subject: Subject::Upgrade(schema),
        markers: vec![Marker::Install(schema.clone())],
        sql: MigrationSql {
            up: codegen::base_schema(schema).up,
            down: NOTHING.to_owned(),
        },
    };
    plan.add(&file, UPGRADE)
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
