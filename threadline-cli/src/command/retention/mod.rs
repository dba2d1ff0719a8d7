//! `cargo threadline retention`

mod partitions;
mod purge;
mod show;

use threadline::retention::RetentionPolicy;

use crate::{
    args::{ConnectionArgs, RetentionCommand},
    database::Database,
    error::{Error, Result},
    output::Report,
};

/// Runs one of the commands.
///
/// # Errors
/// When there is no policy, the database fails, or it refuses.
pub(crate) fn run(command: &RetentionCommand) -> Result<Report> {
    match command {
        RetentionCommand::Show(args) => show::run(args),
        RetentionCommand::Partitions(args) => partitions::run(args),
        RetentionCommand::Purge(args) => purge::run(args),
    }
}

/// The database and the policy.
fn open(args: &ConnectionArgs) -> Result<(Database, RetentionPolicy)> {
    let database = Database::open(args)?;
    let policy = database.settings.config.retention.clone();
    Ok((database, policy.ok_or(Error::NoRetention)?))
}

/// A size that people can read.
fn size(bytes: i64) -> String {
    indicatif::HumanBytes(bytes.unsigned_abs()).to_string()
}
