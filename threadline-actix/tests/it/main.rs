//! The middleware and the extractors, through actix-web's own test service and, where a
//! connection matters, against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

#[path = "../../../threadline/tests/it/support/events.rs"]
mod events;

mod capture;
mod extractors;
mod one_connection;
mod support;
mod surface;
