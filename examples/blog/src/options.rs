//! The command line.

use clap::Parser;

use crate::database::DatabaseOptions;

/// A small blog that shows Threadline at work
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 4000)]
    pub(crate) port: u16,

    /// Make one audited write over HTTP, show what the trail knows of it, and stop
    #[arg(long)]
    pub(crate) demo: bool,

    /// Let three people write a story first, so that /audit has something to show
    #[arg(long, conflicts_with = "demo")]
    pub(crate) story: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseOptions,
}
