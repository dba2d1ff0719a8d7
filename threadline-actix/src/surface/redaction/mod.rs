//! What is redacted, as the entities declare it and as the database does it.

mod model;
mod show;

pub(crate) use self::show::show;
