//! What an actor did, what happened in a request, what carries a correlation id: transactions, newest first, those
//! that changed nothing included.

mod model;
mod show;
mod subject;

pub(super) use self::show::{of_actor, of_correlation, of_request};
