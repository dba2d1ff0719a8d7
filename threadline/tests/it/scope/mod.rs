//! Reads narrowed by a condition of the host: what is out of scope is as if it were not there.

mod reads;
pub mod seed;
mod timeline;
