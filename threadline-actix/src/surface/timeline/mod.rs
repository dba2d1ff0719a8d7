//! The timeline: changes across records, newest first, grouped by transaction.

mod filter;
mod model;
mod moment;
mod show;

pub(super) use self::show::show;
