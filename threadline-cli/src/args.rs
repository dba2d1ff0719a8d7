//! The command line. The help text is the documentation of each field.

mod completions;
mod continuity;
mod coverage;
mod evidence;
mod export;
mod export_jobs;
mod health;
mod migration;
mod retention;
mod shared;
mod trail;
mod views;

use clap::{Parser, Subcommand};

pub(crate) use self::{
    completions::CompletionsArgs,
    continuity::{BaselineArgs, ContinuityArgs, ContinuityCommand},
    coverage::{Format, VerifyCoverageArgs},
    evidence::{EvidenceCommand, EvidenceShowArgs},
    export::ExportArgs,
    export_jobs::ExportJobsArgs,
    health::{CoverageArgs, FindingsArgs, HealthCommand, PolicyCommand, PolicyShowArgs},
    migration::{GenTriggersArgs, InstallArgs},
    retention::{RetentionCommand, RetentionPartitionsArgs, RetentionPurgeArgs, RetentionShowArgs},
    shared::{ConnectionArgs, DatabaseArgs, ExecutionArgs, OutputArgs, ProjectArgs, WriteArgs},
    trail::{AsOfArgs, FilterArgs, HistoryArgs, IncidentArgs, TimelineArgs, TransactionsArgs},
    views::ViewsArgs,
};

/// Audit toolkit for SeaORM and PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-threadline",
    bin_name = "cargo threadline",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, or nothing to do; 1 refused, or a check found something; \
                  2 wrong command line, configuration or project layout; 3 database, file system \
                  or cargo failed; 4 an export is cut at its limit."
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
    Export(ExportArgs),
    ExportJobs(ExportJobsArgs),
    Timeline(TimelineArgs),
    History(HistoryArgs),
    AsOf(AsOfArgs),
    Transactions(TransactionsArgs),
    Incident(IncidentArgs),
    Views(ViewsArgs),
    Completions(CompletionsArgs),
}
