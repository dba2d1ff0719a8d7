//! The text of a migration file.

use minijinja::{Environment, UndefinedBehavior, context};
use threadline::{
    SchemaName,
    codegen::{MigrationSql, TableName},
    invisible::{escape_invisible, is_invisible},
};

use crate::migration::Marker;

const TEMPLATE: &str = include_str!("../../templates/migration/migration.rs.jinja");

/// What a migration does, for its header.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    /// It creates the audit schema.
    Install(&'a SchemaName),
    /// It brings the audit schema up to date.
    Upgrade(&'a SchemaName),
    /// It installs the capture of tables.
    Capture(Vec<&'a TableName>),
}

/// A migration file to be.
#[derive(Debug)]
pub(crate) struct MigrationFile<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) markers: Vec<Marker>,
    pub(crate) sql: MigrationSql,
}

/// The file could not be written down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RenderError {
    /// A specification has no JSON form.
    #[error("failed to write a specification as json")]
    Json(#[from] serde_json::Error),

    /// The template failed.
    #[error("failed to render the migration")]
    Template(#[from] minijinja::Error),
}

impl MigrationFile<'_> {
    /// The Rust text, formatted as rustfmt would.
    ///
    /// # Errors
    /// [`RenderError`]
    pub(crate) fn render(&self) -> Result<String, RenderError> {
        let markers = self
            .markers
            .iter()
            .map(Marker::to_line)
            .collect::<Result<Vec<_>, _>>()?;
        let upgrade = matches!(self.subject, Subject::Upgrade(_));
        let (schema, tables) = match &self.subject {
            Subject::Install(schema) | Subject::Upgrade(schema) => (schema.as_str(), Vec::new()),
            Subject::Capture(tables) => {
                let escape = |c: char| c.escape_unicode().to_string();
                let tables = tables
                    .iter()
                    .map(|table| format!("`{}`", escape_invisible(&table.to_string(), escape)))
                    .collect();
                ("", tables)
            }
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut text = environment.render_str(
            TEMPLATE,
            context! {
                schema,
                upgrade,
                tables,
                markers,
                up => string_literal(&self.sql.up),
                down => string_literal(&self.sql.down),
            },
        )?;
        // The template engine cuts the line break at the end of its input.
        text.push('\n');
        Ok(text)
    }
}

/// A Rust string literal: raw and readable, unless the text has characters that a raw string
/// cannot hold or that the compiler refuses to see bare.
fn string_literal(text: &str) -> String {
    if text.contains(is_invisible) {
        return format!("{text:?}");
    }
    let longest = text
        .split('"')
        .skip(1)
        .map(|rest| rest.bytes().take_while(|&byte| byte == b'#').count() + 1)
        .max();
    let hashes = "#".repeat(longest.unwrap_or(0).max(1));
    format!("r{hashes}\"{text}\"{hashes}")
}

/// Whether the text of a migration file has this SQL, alone or beside other SQL.
pub(crate) fn holds(text: &str, sql: &str) -> bool {
    text.contains(sql) || {
        let escaped = format!("{sql:?}");
        text.contains(escaped.trim_matches('"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_install_migration_is_frozen_text() {
        let schema = SchemaName::default();
        let file = MigrationFile {
            subject: Subject::Install(&schema),
            markers: vec![Marker::Install(schema.clone())],
            sql: MigrationSql {
                up: "CREATE SCHEMA \"threadline\";\n".to_owned(),
                down: "DROP SCHEMA \"threadline\";\n".to_owned(),
            },
        };
        insta::assert_snapshot!(file.render().unwrap());
    }

    #[test]
    fn a_capture_migration_names_its_tables_without_breaking_out_of_the_comment() {
        let tables = ["posts", "\"blog\n\".\"We\u{202e}ird\""]
            .map(|name| name.parse::<TableName>().unwrap());
        let file = MigrationFile {
            subject: Subject::Capture(tables.iter().collect()),
            markers: Vec::new(),
            sql: MigrationSql {
                up: "SELECT 1;\n".to_owned(),
                down: "SELECT 2;\n".to_owned(),
            },
        };
        insta::assert_snapshot!(file.render().unwrap());
    }

    #[test]
    fn a_file_holds_the_sql_that_it_was_made_with_however_that_is_quoted() {
        let schema = SchemaName::default();
        for up in [
            "SELECT 'ü \"x\"#';\n",
            "SELECT '\u{202e} \"x\"';\n\tSELECT 2;\n",
        ] {
            let sql = MigrationSql {
                up: up.to_owned(),
                down: String::new(),
            };
            let file = MigrationFile {
                subject: Subject::Upgrade(&schema),
                markers: Vec::new(),
                sql,
            };
            let text = file.render().unwrap();
            assert!(holds(&text, up), "{text}");
            assert!(!holds(&text, &up.replace('x', "y")), "{text}");
        }
    }

    #[test]
    fn a_string_literal_reads_back_as_the_sql() {
        for sql in [
            "",
            "plain $threadline$ {{ not a template }} \\n",
            "\"quoted\" '#'",
            "ends in \"#",
            "ends in a quote\"",
            "\"## and \"### too",
            "carriage\rreturn \u{202e} \u{0} ü",
        ] {
            let literal: syn::LitStr = syn::parse_str(&string_literal(sql)).unwrap();
            assert_eq!(literal.value(), sql);
        }
    }
}
