//! What several commands take.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// How the result is printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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

/// The audit schema.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AuditSchemaArgs {
    /// The schema that holds the audit tables
    ///
    /// Default: `threadline`.
    #[arg(
        long,
        value_name = "SCHEMA",
        env = "THREADLINE_AUDIT_SCHEMA",
        hide_env_values = true
    )]
    pub(crate) audit_schema: Option<String>,
}

/// The database, and the audit schema in it.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    /// The database
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    #[command(flatten)]
    pub(crate) schema: AuditSchemaArgs,
}

/// The database that is looked at, and the project it belongs to.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,

    /// Where to look for entities instead of the sources of all workspace members
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) source: Vec<PathBuf>,

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

    #[command(flatten)]
    pub(crate) schema: AuditSchemaArgs,

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
