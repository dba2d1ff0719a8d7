//! Everything that needs a database, in one binary.

#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

mod write;
