//! `cargo threadline export`

mod dry_run;
mod part;
mod run;

pub(crate) use self::{part::ExportFileError, run::run};
