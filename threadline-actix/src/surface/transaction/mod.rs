//! One transaction: its context, its actions, every change with before and after.

mod model;
mod show;

pub(super) use self::show::show;
