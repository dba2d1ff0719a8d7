//! The arguments of `verify-coverage`.

use clap::{Args, ValueEnum};

use super::DatabaseArgs;

/// Check in CI that every audited table is captured
///
/// Asks for the tables of `[coverage] expected` of threadline.toml, else for every audited entity of
/// the project and every table of `[tables]`. A table is covered when INSERT, UPDATE, DELETE and
/// TRUNCATE reach its own, unchanged capture function by triggers that fire for applications. Leaves
/// evidence of what was seen, if the role may record it.
///
/// Exit codes: 0 every expected table is covered; 1 one is not; 2 or 3 it could not be checked.
#[derive(Debug, Args)]
pub(crate) struct VerifyCoverageArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// JUnit XML
    Junit,
}
