use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where the data of the example live.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatabaseOptions {
    /// Which PostgreSQL to use
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    pub(crate) database: Choice,

    /// The URL of a running server's database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Keep the data in this directory; for a server of one's own, `installed` or `embedded`
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Which PostgreSQL to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// The URL if there is one, else an installed server, else the embedded one
    Auto,
    /// The server the URL names
    Url,
    /// An installed server, started for this program only
    Installed,
    /// PostgreSQL inside this program: one connection, and slower
    Embedded,
}
