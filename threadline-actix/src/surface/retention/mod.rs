//! How long changes are kept, what the trail weighs, and what was purged.

mod model;
mod show;

pub(crate) use self::show::show;
