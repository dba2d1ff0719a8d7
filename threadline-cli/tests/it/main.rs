//! The command line as its users meet it: real projects in temporary directories.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod database;
mod environment;
mod export;
mod gen_triggers;
mod guides;
mod health;
mod help;
mod host;
mod install;
mod json;
mod migrate;
mod pooled;
mod retention;
mod surface;
#[cfg(feature = "tls")]
mod tls;
mod trail;
mod verify_coverage;
