//! The arguments of the commands that write migrations.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{ProjectArgs, WriteArgs};

/// Write the migration that creates the audit schema, and register it in the Migrator
///
/// The SQL is frozen into the migration, so that every database gets the same. A project that has
/// the migration already is left alone, unless this version of Threadline makes another schema: then
/// a further migration brings it up to date, and nothing in it is lost.
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
