//! The commands, one a file.

pub(crate) mod as_of;
pub(crate) mod completions;
pub(crate) mod continuity;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod export_jobs;
pub(crate) mod gen_triggers;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod incident;
pub(crate) mod install;
pub(crate) mod policy;
pub(crate) mod retention;
pub(crate) mod timeline;
pub(crate) mod transactions;
pub(crate) mod verify_coverage;
pub(crate) mod views;
