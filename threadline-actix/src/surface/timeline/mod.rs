//! The timeline: changes across records, newest first, grouped by transaction.

mod choice;
mod filter;
mod model;
mod question;
mod record;
mod search;
mod show;

pub(super) use self::{
    filter::{Filter, PARAMETERS},
    question::Question,
    record::{explained, query},
    search::NAME as SEARCH,
    show::show,
};
