//! The command line as its users meet it: real projects in temporary directories.

mod database;
mod gen_triggers;
mod help;
mod host;
mod install;
mod migrate;
