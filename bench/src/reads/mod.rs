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
