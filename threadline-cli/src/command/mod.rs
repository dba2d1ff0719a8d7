//! The commands, one a file.

pub(crate) mod gen_triggers;
pub(crate) mod install;
