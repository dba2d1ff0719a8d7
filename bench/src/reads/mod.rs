//! How fast the trail is read.
//!
//! Every scenario reads through the library's public interface, and beside it, in the same rounds and over the same
//! pool, the same rows by the barest statement there is for them: one range of one index where the rows lie together,
//! their primary keys where they do not. Both have a warm cache; the bare rows are not even decoded.
//!
//! `run` is the course of it, `trail` makes the data (`seed.sql`), `scenario` is what is read, `bare` the reference,
//! `export` and `purge` are the two long ones, and `outcome` makes figures.

mod run;

mod bare;
mod export;
mod outcome;
mod purge;
mod record;
mod scenario;
pub(crate) mod trail;

pub(crate) use self::run::{SETTINGS, run};

/// What is read, by name. A trail may lack the data for some.
pub(crate) const NAMES: [&str; 30] = [
    "timeline",
    "timeline_table",
    "timeline_table_rare",
    "timeline_table_past",
    "timeline_actor_frequent",
    "timeline_actor_usual",
    "timeline_actor_rare",
    "timeline_actor_past",
    "timeline_no_actor",
    "timeline_correlation",
    "timeline_correlation_frequent",
    "timeline_request",
    "timeline_action_frequent",
    "timeline_action_rare",
    "timeline_op_frequent",
    "timeline_op_rare",
    "timeline_column_frequent",
    "timeline_column_rare",
    "history",
    "history_hot",
    "as_of",
    "as_of_hot",
    "incident",
    "actor_history",
    "actor_history_frequent",
    "count",
    "count_table",
    "count_actor",
    "export",
    "purge",
];
