use std::collections::BTreeMap;

use heck::ToSnakeCase;
use threadline::{
    SchemaName,
    codegen::{self, MigrationSql, TableName, TableSpec},
};

use super::{Refusal, catalogue::Catalogue, declared::Declarations, names, resolve};
use crate::{
    args::GenTriggersArgs,
    error::Result,
    migration::{Marker, MigrationFile, Subject},
    output::Report,
    plan::Plan,
    settings::Settings,
};

/// The end of the migration's name, before what it captures.
const SUFFIX: &str = "threadline_capture";
/// The audit schema may come from elsewhere, but hardly ever does.
const NOT_INSTALLED: &str =
    "no migration creates the audit schema; `cargo threadline install` writes one";
/// A capture may need what the audit schema did not have yet.
const OTHER_VERSION: &str = "the audit schema is that of another version of Threadline; `cargo threadline install` writes the \
                             migration that brings it to this one, which has to run before this capture";
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
    let schema = match plan.installed()? {
        Some(installed) => {
            if !installed.runs(&codegen::base_schema(installed.schema).up) {
                warnings.push(OTHER_VERSION.to_owned());
            }
            installed.schema.clone()
        }
        None => {
            warnings.push(NOT_INSTALLED.to_owned());
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

    let mut notes = Vec::new();
    let mut changed = Vec::new();
    for spec in &specs {
        let is_same = installed.get(&spec.name) == Some(&spec);
        let sql = codegen::capture(&schema, spec, None).map_err(Refusal::Spec)?;
        let is_current = plan.existing.captures(&spec.name, &sql.up);
        if is_same && is_current && !args.again {
            notes.push(format!("the capture of `{}` is up to date", spec.name));
            continue;
        }
        if is_same && !is_current {
            notes.push(format!(
                "the capture of `{}` is that of another version of Threadline",
                spec.name
            ));
        }
        changed.push(spec);
    }
    let mut report = if changed.is_empty() {
        Report::default()
    } else {
        let file = migration(&schema, &changed, &installed)?;
        plan.add(&file, &suffix(&changed))?
    };
    report.notes = notes;
    report.warnings = warnings;
    Ok(report)
}

fn migration<'a>(
    schema: &SchemaName,
    specs: &[&'a TableSpec],
    installed: &BTreeMap<&TableName, &TableSpec>,
) -> Result<MigrationFile<'a>, Refusal> {
    let sql = specs
        .iter()
        .map(|spec| codegen::capture(schema, spec, installed.get(&spec.name).copied()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Refusal::Spec)?;
    let marker = |spec: &TableSpec| Marker::Spec(Box::new(spec.clone()));
    Ok(MigrationFile {
        subject: Subject::Capture(specs.iter().map(|spec| &spec.name).collect()),
        markers: specs.iter().copied().map(marker).collect(),
        sql: join(&sql),
    })
}

/// One text for all tables; going down, what came last goes first.
fn join(parts: &[MigrationSql]) -> MigrationSql {
    let up: Vec<_> = parts.iter().map(|part| part.up.as_str()).collect();
    let down: Vec<_> = parts.iter().rev().map(|part| part.down.as_str()).collect();
    MigrationSql {
        up: up.join("\n"),
        down: down.join("\n"),
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

#[cfg(test)]
mod tests {
    use threadline::CapturePolicy;

    use super::*;

    fn spec(table: &str) -> TableSpec {
        TableSpec {
            name: table.parse().unwrap(),
            key: Vec::new(),
            columns: Vec::new(),
            partitioned: false,
            policy: CapturePolicy::default(),
        }
    }

    #[test]
    fn the_name_of_the_migration_is_a_short_identifier() {
        for (table, expected) in [
            ("blog.posts", "threadline_capture_posts"),
            ("PostTags", "threadline_capture_post_tags"),
            ("\"we ird-\"\"ta.ble\"", "threadline_capture_we_ird_ta_ble"),
            ("größe", "threadline_capture_gre"),
            ("表", "threadline_capture_table"),
        ] {
            assert_eq!(suffix(&[&spec(table)]), expected);
        }
        assert_eq!(
            suffix(&[&spec("a"), &spec("b")]),
            "threadline_capture_2_tables"
        );
        assert!(suffix(&[&spec(&"x".repeat(63))]).len() < 100);
    }
}
