//! The command line of Threadline: `cargo threadline`.
//!
//! [`main`] is the whole interface; the programs `cargo threadline …` and `cargo-threadline …`
//! are the same.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod args;
mod change;
mod command;
mod config;
mod connection;
mod database;
mod entity;
mod environment;
mod error;
pub mod exit_code;
#[cfg(test)]
mod guide;
mod json;
mod migration;
mod migrator;
mod output;
mod plan;
mod pooler;
mod project;
mod reading;
mod settings;
mod syntax;
mod trail;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, Parser};

use crate::{
    args::{Cli, Command},
    error::{Error, Result},
    output::Report,
};

/// Runs the command line and reports one of the [exit codes](exit_code).
///
/// ```
/// let code = threadline_cli::main(["cargo-threadline", "threadline", "--version"]);
/// assert_eq!(code, std::process::ExitCode::from(threadline_cli::exit_code::OK));
/// ```
pub fn main(args: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
    let environment = environment::complete();
    let cli = match Cli::try_parse_from(without_cargo(args)) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(output::usage(&error)),
    };
    // Help and completions are the same in every environment.
    let is_told = match cli.command {
        Command::Completions(_) => Ok(()),
        _ => environment,
    };
    let printed = is_told.and_then(|()| run(cli.command)).and_then(|report| {
        output::report(&report).map_err(Error::Print)?;
        Ok(report)
    });
    match printed {
        Ok(report) => ExitCode::from(report.exit_code()),
        Err(error) => {
            output::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Every command with its options, for programs that write manuals.
#[doc(hidden)]
pub fn definition() -> clap::Command {
    Cli::command()
}

/// Cargo passes the name of the subcommand as the first argument.
fn without_cargo(args: impl IntoIterator<Item = impl Into<OsString>>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    if args.get(1).is_some_and(|arg| arg == "threadline") {
        args.remove(1);
    }
    args
}

fn run(command: Command) -> Result<Report> {
    match command {
        Command::Install(args) => command::install::run(&args),
        Command::GenTriggers(args) => command::gen_triggers::run(&args),
        Command::VerifyCoverage(args) => command::verify_coverage::run(&args),
        Command::Health(command) => command::health::run(&command),
        Command::Policy(command) => command::policy::run(&command),
        Command::Retention(command) => command::retention::run(&command),
        Command::Continuity(args) => command::continuity::run(&args),
        Command::Evidence(command) => command::evidence::run(&command),
        Command::Export(args) => command::export::run(&args),
        Command::ExportJobs(args) => command::export_jobs::run(&args),
        Command::Timeline(args) => command::timeline::run(&args),
        Command::History(args) => command::history::run(&args),
        Command::AsOf(args) => command::as_of::run(&args),
        Command::Transactions(args) => command::transactions::run(&args),
        Command::Incident(args) => command::incident::run(&args),
        Command::Views(args) => command::views::run(&args),
        Command::Completions(args) => command::completions::run(&args),
    }
}
