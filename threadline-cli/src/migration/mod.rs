//! Migration files: their versions, their text, and what earlier ones say they installed.

pub(crate) mod version;
