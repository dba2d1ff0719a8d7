//! The command line. The help text is the documentation of each field.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{capture::Name, reads};

/// Measure what Threadline costs, on a PostgreSQL server of its own
#[derive(Debug, Parser)]
#[command(name = "bench", arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Capture(CaptureArgs),
    Pages(PagesArgs),
    Reads(ReadsArgs),
    Stack(StackArgs),
}

/// How long to measure, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Do very little of everything: shows that it works, says nothing about time
    #[arg(long)]
    pub(crate) quick: bool,

    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Writes to an audited table against writes to the same table without triggers
#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,

    /// Measure these scenarios alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<Name>,

    /// Measure something else in the same rounds: the file makes it of one more copy of the table
    ///
    /// The file holds SQL, and `{table}` in it stands for the name of the table. Can be repeated.
    #[arg(long, value_name = "NAME=FILE", value_parser = variant)]
    pub(crate) variant: Vec<VariantFile>,

    /// Measure the same capture by statement in the same rounds
    #[arg(long)]
    pub(crate) by_statement: bool,

    /// How often each scenario is measured
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: Option<u32>,

    /// Wait so many microseconds before each flush to disk, as a slower disk would (`commit_delay`)
    #[arg(long, value_name = "MICROS", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) flush_delay: Option<u32>,
}

/// Reads of trails of different sizes against bare index lookups of the same rows
#[derive(Debug, Args)]
pub(crate) struct ReadsArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,

    /// How many changes the trails have [default: 1000000,10000000; with --quick 100000]
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    pub(crate) changes: Vec<u64>,

    /// Measure these scenarios alone, or those whose names begin so
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = beginning)]
    pub(crate) only: Vec<String>,
}

impl ReadsArgs {
    /// Whether a scenario is to be measured.
    pub(crate) fn is_wanted(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }
}

/// The pages of the operator surface against the statements that they run
#[derive(Debug, Args)]
pub(crate) struct PagesArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,

    /// How many changes the trail has [default: 1000000; with --quick 100000]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    pub(crate) changes: Option<u64>,
}

/// A request to the example against the same request to a handler without Threadline
#[derive(Debug, Args)]
pub(crate) struct StackArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// A file that audits a table in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariantFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// The beginning of the name of a read.
fn beginning(text: &str) -> Result<String, String> {
    match reads::NAMES.iter().any(|name| name.starts_with(text)) {
        true => Ok(text.to_owned()),
        false => Err(format!("the reads are {}", reads::NAMES.join(", "))),
    }
}

fn variant(text: &str) -> Result<VariantFile, String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(VariantFile {
            name: name.to_owned(),
            path: path.into(),
        }),
        _ => Err("write NAME=FILE.sql".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_variant_is_a_name_and_a_file() {
        let found = variant("other=a=b.sql").unwrap();
        assert_eq!(
            (found.name.as_str(), found.path),
            ("other", "a=b.sql".into())
        );
        for text in ["other", "=a.sql", "other="] {
            assert!(variant(text).is_err(), "{text}");
        }
    }
}
