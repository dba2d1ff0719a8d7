//! The timeline: changes across records, newest first, grouped by transaction.

mod filter;
mod model;
mod question;
mod search;
mod show;

pub(super) use self::{filter::Filter, question::Question, show::show};
