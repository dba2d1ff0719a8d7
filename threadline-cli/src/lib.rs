//! x
mod migration;
mod migrator;
