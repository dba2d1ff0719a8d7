use std::{io, path::PathBuf};

use thiserror::Error;

use crate::version::Version;

/// Why no server could be found or started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no PostgreSQL server in any of the usual places.
    #[error(
        "no PostgreSQL server found; install PostgreSQL {} or newer, or set THREADLINE_PG_BIN to the directory that holds `postgres` and `initdb`",
        Version::OLDEST_MAJOR
    )]
    NotFound,

    /// Only a server that is too old was found.
    #[error(
        "PostgreSQL {version} in {} is too old; install PostgreSQL {} or newer, or set THREADLINE_PG_BIN to the directory of a newer one",
        directory.display(),
        Version::OLDEST_MAJOR
    )]
    TooOld {
        /// The newest version found.
        version: Version,
        /// Where it was found.
        directory: PathBuf,
    },

    /// The directory that was named does not hold the binaries of a server.
    #[error("{} does not hold the server programs `postgres` and `initdb`", directory.display())]
    NotBinaries {
        /// The directory that was named.
        directory: PathBuf,
    },

    /// `--version` printed something else than a version.
    #[error("{} --version printed {output:?} instead of a version", program.display())]
    UnknownVersion {
        /// The program that was asked.
        program: PathBuf,
        /// What it printed.
        output: String,
    },

    /// A program could not be run.
    #[error("failed to run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// A directory or a file of the server could not be prepared.
    #[error("failed to prepare {}", path.display())]
    Prepare {
        /// The directory or file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// PostgreSQL refuses to run as root, and no other account is known.
    #[error(
        "PostgreSQL refuses to run as root, and neither `postgres` nor `nobody` is in /etc/passwd"
    )]
    NoUnprivilegedAccount,

    /// The server did not start.
    #[error("PostgreSQL {version} did not start in {}; {reason}:\n{log}", directory.display())]
    Start {
        /// The version of the server.
        version: Version,
        /// The directory the server was to run in.
        directory: PathBuf,
        /// What was noticed.
        reason: &'static str,
        /// The last lines of the server's log.
        log: String,
    },

    /// There is no PgBouncer in any of the usual places.
    #[error(
        "no PgBouncer found; install the package `pgbouncer`, or set THREADLINE_PGBOUNCER to the program"
    )]
    NoPgBouncer,

    /// PgBouncer did not start.
    #[error("PgBouncer did not start; {reason}:\n{log}")]
    StartPgBouncer {
        /// What was noticed.
        reason: &'static str,
        /// The last lines of its log.
        log: String,
    },

    /// The address of the test server is not one.
    #[error(
        "THREADLINE_TEST_SERVER is not the address of a server like postgres://user@host:5432/postgres"
    )]
    TestServerAddress,
}

impl Error {
    pub(crate) fn prepare(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Prepare { path, source }
    }

    pub(crate) fn run(program: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Run { program, source }
    }
}
