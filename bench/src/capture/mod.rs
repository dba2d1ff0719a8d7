//! What capture costs a write.
//!
//! Each scenario does the same work on copies of one table: without triggers, audited by Threadline, and in whatever
//! way `--variant` names. Every measurement has a database of its own, copied from a template, so that each begins
//! with the same pages; a checkpoint comes right before it, so that each pays for the first touch of a page.
//!
//! `run` is the course of it, `scenario` what is measured, `table` and `variant` on what, `work` and `bulk` are the
//! writes, `slice` measures once, and `outcome` makes figures of many slices.

mod run;

mod bulk;
mod outcome;
mod scenario;
mod slice;
mod table;
mod variant;
mod work;

pub(crate) use self::{run::run, scenario::Name};
