//! Measures what Threadline costs: see `--help`.
//!
//! Each command starts a PostgreSQL server of its own and compares what it measures with the same work without
//! Threadline, in rounds that take turns (`measure`).

#![forbid(unsafe_code)]

mod args;
mod capture;
mod pages;
mod reads;
mod stack;

mod cluster;
mod error;
mod measure;
mod report;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Capture(args) => capture::run(&args),
        Command::Pages(args) => pages::run(&args),
        Command::Reads(args) => reads::run(&args),
        Command::Stack(args) => stack::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}
