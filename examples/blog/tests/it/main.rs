//! The blog's API against a real PostgreSQL.

mod jobs;
mod posts;
mod support;
mod trail;
