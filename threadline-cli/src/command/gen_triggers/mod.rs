//! `cargo threadline gen-triggers`

mod catalogue;
pub(crate) mod declared;
mod names;
mod refusal;
mod resolve;
mod run;

pub(crate) use self::{refusal::Refusal, run::run};
