//! `cargo threadline health`

pub(crate) mod coverage;
mod findings;
pub(crate) mod target;

pub(crate) use self::target::Target;
use crate::{args::HealthCommand, error::Result, output::Report};

/// Runs one of the commands.
///
/// # Errors
/// When the project is not understood, or the database cannot be looked at.
pub(crate) fn run(command: &HealthCommand) -> Result<Report> {
    match command {
        HealthCommand::Coverage(args) => coverage::run(args),
        HealthCommand::Findings(args) => findings::run(args),
    }
}
