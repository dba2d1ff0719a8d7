//! `cargo threadline timeline`

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::{PageToken, Timeline, timeline};

use crate::{
    args::TimelineArgs,
    database::Database,
    error::{Error, Result},
    json::json,
    output::Report,
    trail::{Entry, Style, entries, instant},
};

/// A page of the timeline. The bounds of time are in it because the next page needs the same ones.
#[derive(Serialize)]
struct Changes {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    entries: Vec<Entry>,
    next: Option<PageToken>,
}

/// Lists the changes.
///
/// # Errors
/// When a filter or the page token can't be used, or the database fails.
pub(crate) fn run(args: &TimelineArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let query = query(args);
    let changes = database.read(async |db| {
        let page = query.fetch(db).await.map_err(trail)?;
        Ok::<_, Error>(Changes {
            from: args.from,
            to: args.to,
            entries: entries(page.entries, db).await.map_err(trail)?,
            next: page.next,
        })
    })?;
    Ok(Report {
        text: if args.output.json {
            json(&changes)?
        } else {
            text(&changes, Style::of_stdout())
        },
        ..Report::default()
    })
}

/// Explains an error by the option that people wrote.
fn trail(err: threadline::Error) -> Error {
    match err {
        threadline::Error::InvalidFilter { filter, reason } => {
            let name = filter.trim_end_matches("_id").replace('_', "-");
            let option = format!("--{name}");
            Error::Filter { option, reason }
        }
        err => Error::Trail(Box::new(err)),
    }
}

fn query(args: &TimelineArgs) -> Timeline {
    let mut query = timeline().page_size(args.page.limit.into());
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
    if let Some(token) = &args.page.after {
        query = query.after(token.clone());
    }
    query
}

fn text(changes: &Changes, style: Style) -> String {
    let mut text: String = changes
        .entries
        .iter()
        .map(|entry| entry.text(style))
        .collect();
    let Some(token) = &changes.next else {
        if text.is_empty() {
            text += "no changes\n";
        }
        return text;
    };
    if text.is_empty() {
        text += "no changes so far; older ones were not looked at yet\n";
    }
    text += "more: the same filters with";
    for (option, at) in [("--from", changes.from), ("--to", changes.to)] {
        if let Some(at) = at {
            text += &format!(" {option} {}", instant(at));
        }
    }
    text + &format!(" --after {token}\n")
}
