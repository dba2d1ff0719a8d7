//! `cargo threadline gen-triggers`

mod catalogue;
mod declared;
mod names;
mod refusal;
mod resolve;

use heck::ToSnakeCase;
use threadline::codegen::{self, MigrationSql, TableSpec};

use self::{catalogue::Catalogue, declared::Declarations};
pub(crate) use self::{catalogue::CatalogueError, refusal::Refusal};
use crate::{
    args::GenTriggersArgs,
    error::{Error, Result},
    migration::{Marker, MigrationFile, Subject},
    output::Report,
    plan::Plan,
    settings::Settings,
};

/// The end of the migration's name, before what it captures.
const SUFFIX: &str = "threadline_capture";
/// The longest part of a migration's name that is made of a table's name.
const MAX_TABLE_SUFFIX: usize = 60;

/// Writes and registers a migration that captures the tables as their policies say now.
///
/// # Errors
/// When the project is not understood, a table is refused, or the database fails. Nothing is
/// written then.
pub(crate) fn run(args: &GenTriggersArgs) -> Result<Report> {
    let settings = Settings::gather(&args.project)?;
    let plan = Plan::read(&settings, &args.write, SUFFIX)?;
    plan.check_registered()?;
    let mut warnings = Vec::new();
    let schema = match plan.existing.install() {
        Some((_, path, installed)) => match settings.schema() {
            Some(asked) if asked != installed => {
                return Err(Error::OtherSchema {
                    path: plan.shorten(path),
                    installed: installed.to_string(),
                    asked: asked.to_string(),
                });
            }
            _ => installed.clone(),
        },
        None => {
            warnings.push(
                "no migration creates the audit schema; `cargo threadline install` writes one"
                    .to_owned(),
            );
            settings.schema().cloned().unwrap_or_default()
        }
    };

    let declarations = Declarations::gather(&settings, &args.source)?;
    let tables = if args.all {
        declarations.audited()?
    } else {
        names::parse(&args.tables)?
    };
    let catalogue = Catalogue::open(args.database_url.as_deref())?;
    warnings.extend(catalogue.warning());
    let installed = plan.existing.specs();
    let mut specs = Vec::new();
    for table in &tables {
        let declared = declarations.of(table)?;
        specs.push(resolve::spec(
            &catalogue,
            &schema,
            table,
            declared,
            installed.get(table).copied(),
        )?);
    }

    let (current, changed): (Vec<_>, Vec<_>) = specs
        .iter()
        .partition(|spec| installed.get(&spec.name) == Some(spec));
    let notes = current
        .iter()
        .map(|spec| format!("the capture of `{}` is up to date", spec.name))
        .collect();
    let mut report = if changed.is_empty() {
        Report::default()
    } else {
        let file =
            MigrationFile {
                subject: Subject::Capture(changed.iter().map(|spec| &spec.name).collect()),
                markers: changed
                    .iter()
                    .map(|&spec| Marker::Spec(Box::new(spec.clone())))
                    .collect(),
                sql: join(changed.iter().map(|spec| {
                    codegen::capture(&schema, spec, installed.get(&spec.name).copied())
                })),
            };
        plan.add(&file, &suffix(&changed))?
    };
    report.notes = notes;
    report.warnings = warnings;
    Ok(report)
}

/// One text for all tables; going down, what came last goes first.
fn join(parts: impl DoubleEndedIterator<Item = MigrationSql>) -> MigrationSql {
    let parts: Vec<_> = parts.collect();
    let join = |texts: Vec<&str>| texts.join("\n");
    MigrationSql {
        up: join(parts.iter().map(|part| part.up.as_str()).collect()),
        down: join(parts.iter().rev().map(|part| part.down.as_str()).collect()),
    }
}

/// The end of the migration's name: file names and module names hold little.
fn suffix(specs: &[&TableSpec]) -> String {
    let table = match specs {
        [spec] => spec.name.table().to_snake_case(),
        several => format!("{}_tables", several.len()),
    };
    let plain: String = table
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(MAX_TABLE_SUFFIX)
        .collect();
    match plain.trim_matches('_') {
        "" => format!("{SUFFIX}_table"),
        plain => format!("{SUFFIX}_{plain}"),
    }
}
