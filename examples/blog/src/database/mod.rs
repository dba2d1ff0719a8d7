//! The database of the example: whichever PostgreSQL can be had without any preparation.
//!
//! In this order: the server `DATABASE_URL` names; an installed server, started for this program only; PostgreSQL
//! inside this program (cargo feature `embedded`). [`Database::describe`] tells which one it is.

#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod options;
mod provider;

pub(crate) use self::{
    error::Error,
    options::{Choice, DatabaseOptions},
    provider::Database,
};
