//! The command line. The help text is the documentation of each field.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// Audit toolkit for SeaORM and PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-threadline",
    bin_name = "cargo threadline",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, or nothing to do; 1 refused, or a check found something; \
                  2 wrong command line, configuration or project layout; 3 database, file system \
                  or cargo failed."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Install(InstallArgs),
    GenTriggers(GenTriggersArgs),
    VerifyCoverage(VerifyCoverageArgs),
    #[command(subcommand)]
    Health(HealthCommand),
    #[command(subcommand)]
    Policy(PolicyCommand),
}

/// Write the migration that creates the audit schema, and register it in the Migrator
///
/// The SQL is frozen into the migration, so that every database gets the same. A project that has
/// the migration already is left alone.
#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Write the migration that captures changes of tables, and register it in the Migrator
///
/// What is captured is read from `#[derive(Audited)]` of the entities and from `[tables]` of
/// threadline.toml. With a database the columns and the key are those of its catalogue; without
/// one they are those of the entity. Run it again after a policy or a table changed: the new
/// migration replaces the capture, and its `down` restores the one before.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(false))]
pub(crate) struct GenTriggersArgs {
    /// The tables, separated by commas: `posts`, `blog.posts`, `"Quoted"."Name"`
    #[arg(long, value_name = "TABLES", group = "which")]
    pub(crate) tables: Vec<String>,

    /// Every audited entity of the project and every table of threadline.toml
    #[arg(long, group = "which")]
    pub(crate) all: bool,

    /// The database whose catalogue is read, if it can be reached
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Where to look for entities instead of the sources of all workspace members
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) source: Vec<PathBuf>,

    /// Write the capture even where an earlier migration has the same
    ///
    /// For a database in which it was dropped or edited, and after an update of the library.
    #[arg(long)]
    pub(crate) again: bool,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Check in CI that every audited table is captured
///
/// Asks for the tables of `[coverage] expected` of threadline.toml, else for every audited entity of
/// the project and every table of `[tables]`. A table is covered when INSERT, UPDATE, DELETE and
/// TRUNCATE reach its own, unchanged capture function by triggers that fire for applications.
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

/// Look at the audit of a database: which tables are captured, and what is wrong
#[derive(Debug, Subcommand)]
pub(crate) enum HealthCommand {
    Coverage(CoverageArgs),
    Findings(FindingsArgs),
}

/// List which tables are captured, which need capture, and which are expected gaps
///
/// Tables that need no capture stand in `[coverage] expected_gaps` of threadline.toml.
#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// The schema whose tables are listed
    #[arg(long, value_name = "SCHEMA", default_value = "public")]
    pub(crate) schema: String,

    /// List the tables of every schema
    #[arg(long, conflicts_with = "schema")]
    pub(crate) all_schemas: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Exit with 1 if a table needs capture
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// List what is wrong with the audit, and the command or SQL that puts it right
///
/// Looks at triggers, functions, policies, privileges, partitions and the newest changes. Needs the
/// role `threadline_reader` only. Exits with 1 if something is more than a note.
#[derive(Debug, Args)]
pub(crate) struct FindingsArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Look at writes since this instant, instead of those of the last 7 days
    #[arg(long, value_name = "RFC3339")]
    pub(crate) since: Option<chrono::DateTime<chrono::Utc>>,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// Look at the capture policies
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    Show(PolicyShowArgs),
}

/// Compare the policy of each table as the project declares it with the one that is deployed
///
/// The comparison covers the policy, the columns and the key of the table, the bodies of its capture
/// functions, and its triggers.
#[derive(Debug, Args)]
pub(crate) struct PolicyShowArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// The database that is looked at, and the project it belongs to.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The database
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Where to look for entities instead of the sources of all workspace members
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) source: Vec<PathBuf>,

    /// The schema that holds the audit tables
    ///
    /// Default: `threadline`.
    #[arg(
        long,
        value_name = "SCHEMA",
        env = "THREADLINE_SCHEMA",
        hide_env_values = true
    )]
    pub(crate) audit_schema: Option<String>,

    /// The Cargo.toml of the project or of its workspace
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) manifest_path: Option<PathBuf>,
}

/// Where the project is, and how it is set up.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// The migration crate, or the directory of the migration module
    ///
    /// Default: the workspace member that depends on sea-orm-migration and has a Migrator.
    #[arg(
        long,
        value_name = "DIR",
        env = "THREADLINE_MIGRATION_DIR",
        hide_env_values = true,
        value_hint = ValueHint::DirPath
    )]
    pub(crate) migration_dir: Option<PathBuf>,

    /// The schema that holds the audit tables
    ///
    /// Default: `threadline`.
    #[arg(
        long,
        value_name = "SCHEMA",
        env = "THREADLINE_SCHEMA",
        hide_env_values = true
    )]
    pub(crate) schema: Option<String>,

    /// The Cargo.toml of the project or of its workspace
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) manifest_path: Option<PathBuf>,
}

/// How files are written.
#[derive(Debug, Args)]
pub(crate) struct WriteArgs {
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Write the migration file alone, and print the lines that register it
    #[arg(long)]
    pub(crate) no_register: bool,
}
