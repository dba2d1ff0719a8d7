//! The arguments of the commands that look at the audit itself.

use clap::{Args, Subcommand};

use super::{DatabaseArgs, OutputArgs};
use crate::trail::parse_instant;

/// Look at the audit of a database: which tables are captured, and what is wrong
#[derive(Debug, Subcommand)]
pub(crate) enum HealthCommand {
    Coverage(CoverageArgs),
    Findings(FindingsArgs),
}

/// List which tables are captured, which need capture, and which are expected gaps
///
/// Tables that need no capture stand in `[coverage] expected_gaps` of threadline.toml. Leaves evidence of
/// what was seen, if the role may record it.
#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// The schema whose tables are listed; one without tables is an error
    #[arg(long, value_name = "SCHEMA", default_value = "public")]
    pub(crate) schema: String,

    /// List the tables of every schema
    #[arg(long, conflicts_with = "schema")]
    pub(crate) all_schemas: bool,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

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
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Look at writes since then, instead of those of the last 7 days: RFC 3339, or `4w`, `2h` before now
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
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
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}
