//! What the derive and the reader of entities make of a `Model`.

#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "SeaORM's derives write public items")]

#[path = "../../src/syntax/mod.rs"]
mod syntax;

mod column_name;
mod entity;
mod policy;
mod reader;
mod registry;
mod ui;
