//! PostgreSQL inside this program, reachable over TCP as any other server.
//!
//! The engine is a WebAssembly build of PostgreSQL with a single backend: one connection at a time, one superuser, no
//! autovacuum, no safety against power failures. Good enough to look around, and nothing else.

mod bridge;
mod engine;
mod protocol;
mod seat;
#[cfg(test)]
mod tests;

pub(crate) use self::bridge::Embedded;
