//! The arguments of `continuity`.

use clap::{Args, Subcommand};

use super::{ConnectionArgs, ExecutionArgs, OutputArgs};

/// Explain since when the trail knows each audited table
///
/// A row that was there before capture began has no history until it changes. A baseline gives it
/// one.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ContinuityArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ContinuityCommand>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

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

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
