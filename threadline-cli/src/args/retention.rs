//! The arguments of `retention`.

use clap::{Args, Subcommand};

use super::{ConnectionArgs, ExecutionArgs, OutputArgs};

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
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Make the partitions of the months to come, and drop those that are past their time
///
/// A month is dropped when it is past the cutoff of every table and holds nothing that has to stay:
/// nothing held, and no last change of a live row. `retention purge` takes what may go of the rest.
#[derive(Debug, Args)]
pub(crate) struct RetentionPartitionsArgs {
    /// How many months after this one have their partitions
    #[arg(long, value_name = "MONTHS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub(crate) ahead: u32,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

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

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
