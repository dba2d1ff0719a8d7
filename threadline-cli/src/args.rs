//! The command line. The help text is the documentation of each field.

mod trail;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use self::trail::{AsOfArgs, HistoryArgs, IncidentArgs, TimelineArgs};

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
    #[command(subcommand)]
    Retention(RetentionCommand),
    Continuity(ContinuityArgs),
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    Timeline(TimelineArgs),
    History(HistoryArgs),
    AsOf(AsOfArgs),
    Incident(IncidentArgs),
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

/// Let old changes go, by the policy in `[retention]` of threadline.toml
#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    Show(RetentionShowArgs),
    Partitions(RetentionPartitionsArgs),
    Purge(RetentionPurgeArgs),
}

/// Show the policy, the cutoffs, the partitions and the latest runs
#[derive(Debug, Args)]
pub(crate) struct RetentionShowArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Make the partitions of the months to come, and drop those that are past their time
///
/// A month is dropped when it is past the cutoff of every table and holds nothing that has to stay:
/// nothing held, and no last version of a live row. `retention purge` takes what may go of the rest.
#[derive(Debug, Args)]
pub(crate) struct RetentionPartitionsArgs {
    /// How many months after this one have their partitions
    #[arg(long, value_name = "MONTHS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub(crate) ahead: u32,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Delete the changes that the policy lets go, in batches
///
/// Killing it leaves whole batches; run it again to go on. Every run leaves a record that nobody can
/// delete. The role of the connection needs `GRANT <schema>_retention`.
#[derive(Debug, Args)]
pub(crate) struct RetentionPurgeArgs {
    /// How many rows a batch looks at
    #[arg(long, value_name = "ROWS", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) batch_size: u32,

    /// How many milliseconds to wait between two batches
    #[arg(long, value_name = "MS", default_value_t = 20)]
    pub(crate) pause: u32,

    /// Who asks for it, for example `admin:carol`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<threadline::ActorRef>,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Explain since when the trail knows each audited table
///
/// A row that was there before capture began has no history until it changes. A baseline gives it
/// one.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ContinuityArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ContinuityCommand>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContinuityCommand {
    Baseline(BaselineArgs),
}

/// Capture the present state of the rows that the trail does not know yet
///
/// The application goes on meanwhile. Killing it leaves whole chunks; run it again to go on. Run it
/// as the role that applies the migrations.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// The table: `posts`, `blog.posts`, `"Quoted"."Name"`
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: threadline::codegen::TableName,

    /// How many rows one transaction looks at
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) chunk_size: u32,

    /// How many milliseconds to wait between two chunks
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) pause: u32,

    /// Who takes it. Default: `system:threadline`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<threadline::ActorRef>,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Look at the evidence that runs, baselines and applications leave
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    Show(EvidenceShowArgs),
}

/// List the evidence, newest first
#[derive(Debug, Args)]
pub(crate) struct EvidenceShowArgs {
    /// Only of this kind, for example `retention_run`
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,

    /// Only about this one
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) reference: Option<String>,

    /// How many records
    #[arg(long, value_name = "RECORDS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Begin where another page ended
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<threadline::PageToken>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Whether it is done, or only looked at.
#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ExecutionArgs {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do it
    #[arg(long)]
    pub(crate) execute: bool,
}

/// The database, and the audit schema in it.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    /// The database
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

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
