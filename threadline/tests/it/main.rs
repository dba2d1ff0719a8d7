//! Everything that needs a database, in one binary.

#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]
#![expect(
    unreachable_pub,
    reason = "SeaORM's entities are public by their nature"
)]

mod support;

mod actor_history;
mod concurrency;
mod docs;
mod explain;
mod history;
mod property;
mod timeline;
mod write;
