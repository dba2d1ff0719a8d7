//! The blog's API against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod audit;
mod browser;
mod jobs;
mod migrations;
mod organisations;
mod posts;
mod readme;
mod story;
mod support;
mod trail;
