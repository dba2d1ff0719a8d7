//! The arguments of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use threadline::{PageToken, export::ExportFormat};

use super::{ConnectionArgs, FilterArgs, OutputArgs};

/// Write what the timeline finds to a file: CSV, JSON or NDJSON
///
/// One snapshot of the database, newest change first, in constant memory; the last record says whether
/// everything is there. Until the file is whole it is called `FILE.part`. Needs the role
/// `threadline_reader` only; as `threadline_writer` it also leaves evidence.
///
/// Exit codes: 0 everything is there; 1 refused, for example because the file exists; 2 wrong command
/// line; 3 the database or the file system failed; 4 cut at its limit: `--after` gives the rest.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The file. Default: standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// How it is written. Default: what the name of the file ends with, else csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<FormatArg>,

    /// How many changes at most
    #[arg(long, value_name = "CHANGES", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,

    /// Begin where another export of the same filters was cut
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<PageToken>,

    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,

    /// Go on with an export of this file that was interrupted, by the filters it was begun with
    #[arg(long, requires = "output", conflicts_with_all = ["FilterArgs", "format", "limit", "after", "dry_run"])]
    pub(crate) resume: bool,

    /// Count the changes, estimate the size, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Print a summary as JSON; with a file or `--dry-run`
    #[command(flatten)]
    pub(crate) summary: OutputArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// Comma-separated values, safe to open in a spreadsheet
    Csv,
    /// One JSON document
    Json,
    /// One JSON object a line
    Ndjson,
}

impl From<FormatArg> for ExportFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}
