//! A small blog that shows Threadline at work.
//!
//! Read it in this order: `entity` (what is audited), `app` (how the middleware is wrapped),
//! `route::posts` (audited writes), `route::records` and `route::trail` (reading the trail),
//! `route::audit` (the operator surface), `job` (the context of a request in background work).

#![forbid(unsafe_code)]

pub mod entity;

pub mod app;
mod auth;
mod error;
pub mod job;
mod route;

pub mod migration;

mod client;
mod database;
mod demo;
mod options;
mod output;
mod start;
pub mod story;

pub use crate::{client::ClientError, error::ApiError, options::Options, start::start};
