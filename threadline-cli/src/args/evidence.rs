//! The arguments of `evidence`.

use clap::{Args, Subcommand};

use super::{ConnectionArgs, OutputArgs};

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

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
