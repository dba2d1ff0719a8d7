//! The blog's own tables.

pub mod comment;
pub mod job;
pub mod post;
pub mod post_tag;
