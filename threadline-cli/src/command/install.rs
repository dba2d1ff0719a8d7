//! `cargo threadline install`

use threadline::{SchemaName, codegen};

use crate::{
    args::InstallArgs,
    error::{Error, Result},
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
    let asked = settings.schema();
    if let Some((name, path, installed)) = plan.existing.install() {
        if let Some(asked) = asked.filter(|asked| *asked != installed) {
            return Err(Error::OtherSchema {
                path: plan.shorten(path),
                installed: installed.to_string(),
                asked: asked.to_string(),
            });
        }
        let found = format!(
            "`{}` already installs the audit schema `{installed}`",
            plan.shorten(path).display()
        );
        let mut report = if plan.is_registered(name) {
            Report::default()
        } else {
            plan.register(name)?
        };
        report.notes.push(found);
        return Ok(report);
    }
    let schema = asked.cloned().unwrap_or_default();
    add(&plan, &schema)
}

fn add(plan: &Plan<'_>, schema: &SchemaName) -> Result<Report> {
    let file = MigrationFile {
        subject: Subject::Install(schema),
        markers: vec![Marker::Install(schema.clone())],
        sql: codegen::base_schema(schema),
    };
    plan.add(&file, SUFFIX)
}
