//! The home page: where one starts looking.

mod model;
mod show;

pub(super) use self::show::show;
