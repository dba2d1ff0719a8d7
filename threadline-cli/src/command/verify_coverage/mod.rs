//! `cargo threadline verify-coverage`

mod github;
mod junit;
mod run;
mod verified;

pub(crate) use self::run::run;
