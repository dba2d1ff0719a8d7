//! Results as JSON, for programs.

use serde::Serialize;
use threadline::json::{to_text, to_text_of_version};

use crate::error::{Error, Result};

/// A result as JSON in which no character acts on a terminal, with a `schema_version`.
///
/// # Errors
/// When what the trail holds is no JSON.
pub(crate) fn json(result: impl Serialize) -> Result<String> {
    to_text(result).map_err(Error::Json)
}

/// As [`json`], of a result of the library that has its own `schema_version`.
///
/// # Errors
/// As [`json`].
pub(crate) fn json_of_version(result: &impl Serialize) -> Result<String> {
    to_text_of_version(result).map_err(Error::Json)
}
