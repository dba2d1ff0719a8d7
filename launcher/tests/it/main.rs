//! The launcher against an installed server.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod run;
mod server;
mod support;
mod test_server;
