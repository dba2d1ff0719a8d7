//! Starts PostgreSQL from the binaries of an installed server.
//!
//! The example, the tests and the benchmarks need a real server and nothing to configure. This crate finds an
//! installed one, makes a cluster in a temporary (or a given) directory, and stops it with its owner: on drop, at
//! process exit, and after `kill -9`. It works for root too, whom PostgreSQL itself refuses.
//!
//! ```no_run
//! # fn main() -> Result<(), launcher::Error> {
//! let binaries = launcher::Binaries::find()?;
//! let server = launcher::Server::builder(&binaries).start()?;
//! println!("PostgreSQL {} at {}", binaries.version(), server.url("postgres"));
//! # Ok(()) }
//! ```
//!
//! [`PgBouncer`] puts a pooler in front of a server.
//!
//! Everyone who can reach the loopback interface is let in as superuser: this is for throw-away data.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod binaries;
mod error;
mod keeper;
mod pgbouncer;
mod server;
mod test_server;
mod url;
mod version;

pub use crate::{
    binaries::{BIN_VARIABLE, Binaries},
    error::Error,
    pgbouncer::{PGBOUNCER_VARIABLE, PgBouncer},
    server::{Server, ServerBuilder},
    test_server::{TEST_SERVER_VARIABLE, TestServer, test_server},
    version::Version,
};
