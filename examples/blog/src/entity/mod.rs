//! The blog's own tables.

pub mod job;
pub mod post;
