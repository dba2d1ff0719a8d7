//! The command line. The help text is the documentation of each field.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

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

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
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
