//! Reads: timelines, histories, pages.

mod history;

pub(crate) use self::history::history;
