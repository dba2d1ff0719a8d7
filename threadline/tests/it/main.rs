//! Everything that needs a database, in one binary.

#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]
#![expect(
    unreachable_pub,
    reason = "SeaORM's entities are public by their nature"
)]

mod support;

mod actor_history;
mod concurrency;
mod continuity;
mod docs;
mod drift;
mod explain;
mod export;
mod generated;
mod health;
mod history;
mod installing;
mod introspection;
mod names;
mod partitions;
mod pooled;
mod privileges;
mod property;
mod rebuild;
mod record;
mod renamed_secrets;
mod retention;
mod saved_view;
mod scope;
mod search_path;
mod summary;
mod telemetry;
mod timeline;
mod transactions;
mod traps;
mod upgrade;
mod write;
