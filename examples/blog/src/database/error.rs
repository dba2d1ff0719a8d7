use thiserror::Error;

/// Why there is no database.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// `--database url` without a URL.
    #[error("no URL given; set DATABASE_URL or add --database-url")]
    NoUrl,

    /// An installed server was asked for, and cannot be started.
    #[error("the installed PostgreSQL cannot be used")]
    Installed(#[from] launcher::Error),

    /// There is no server, and this program was built without one.
    #[error(
        "no database; set DATABASE_URL, or install PostgreSQL 15 or newer, or set THREADLINE_PG_BIN to the directory of its programs, or build with the cargo feature `embedded`"
    )]
    None(#[source] launcher::Error),

    /// The engine was asked for, and this program was built without it.
    #[cfg(not(feature = "embedded"))]
    #[error(
        "this program was built without PostgreSQL inside; build it with the cargo feature `embedded`"
    )]
    NotEmbedded,

    /// The engine inside this program does not start.
    #[cfg(feature = "embedded")]
    #[error("PostgreSQL inside this program does not start")]
    Embedded(#[source] Box<dyn std::error::Error + Send + Sync>),
}
