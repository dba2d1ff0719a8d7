use threadline::{Timeline, timeline};

use crate::{args::FilterArgs, error::Error};

/// The timeline that the options ask for.
pub(crate) fn filtered(args: &FilterArgs) -> Timeline {
    let mut query = timeline();
    if let Some(table) = &args.table {
        query = query.schema(table.schema()).table(table.table());
    }
    if let Some(actor) = &args.actor {
        query = query.actor(actor.clone());
    }
    if args.no_actor {
        query = query.no_actor();
    }
    if let Some(name) = &args.action {
        query = query.action(name);
    }
    if let Some(id) = &args.correlation {
        query = query.correlation_id(id);
    }
    if let Some(id) = &args.request {
        query = query.request_id(id);
    }
    if let Some(op) = args.op {
        query = query.op(op.into());
    }
    if let Some(column) = &args.changed_column {
        query = query.changed_column(column);
    }
    if let Some(at) = args.from {
        query = query.from(at);
    }
    if let Some(at) = args.to {
        query = query.to(at);
    }
    query
}

/// Explains an error by the option that people wrote.
pub(crate) fn refused_filter(err: threadline::Error) -> Error {
    match err {
        threadline::Error::InvalidFilter { filter, reason } => {
            let name = filter.trim_end_matches("_id").replace('_', "-");
            let option = format!("--{name}");
            Error::Filter { option, reason }
        }
        err => Error::Trail(Box::new(err)),
    }
}
