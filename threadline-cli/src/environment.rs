//! The file `.env`, as SeaORM's and SQLx's commands read it.

use crate::error::{Error, Result};

/// Adds what the nearest `.env`, here or above, says to the environment. What the environment has
/// already stays.
///
/// # Errors
/// When the file is there and can't be read.
pub(crate) fn complete() -> Result<()> {
    match dotenvy::dotenv() {
        Ok(_) => Ok(()),
        Err(err) if err.not_found() => Ok(()),
        Err(dotenvy::Error::Io(err)) => Err(Error::Environment(err)),
        // The error quotes the line, which may hold a password.
        Err(_) => Err(Error::EnvironmentSyntax),
    }
}
