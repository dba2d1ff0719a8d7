//! `cargo threadline continuity`

mod baseline;
mod show;

use crate::{
    args::{ContinuityArgs, ContinuityCommand},
    error::Result,
    output::Report,
};

/// Explains, or runs the subcommand.
///
/// # Errors
/// When the database fails or refuses.
pub(crate) fn run(args: &ContinuityArgs) -> Result<Report> {
    match &args.command {
        Some(ContinuityCommand::Baseline(args)) => baseline::run(args),
        None => show::run(args),
    }
}
