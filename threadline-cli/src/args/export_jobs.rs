//! The arguments of `export-jobs`.

use clap::Args;
use threadline::ActorRef;

use super::{ConnectionArgs, OutputArgs};

/// List the exports that were ordered in the background, newest first
///
/// Who ordered which, and what became of it. The files are given by the application, to those who
/// ordered them. Needs the role `threadline_reader` only.
#[derive(Debug, Args)]
pub(crate) struct ExportJobsArgs {
    /// Only those that an actor ordered, for example `admin:carol`
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<ActorRef>,

    /// How many jobs
    #[arg(long, value_name = "JOBS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) limit: u64,

    /// Only jobs that were ordered before this one
    #[arg(long, value_name = "JOB")]
    pub(crate) below: Option<i64>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
