//! One record: its history, what it looked like at any instant, and what changed between two.

mod model;
mod question;
mod show;
mod state;

pub(super) use self::show::show;
