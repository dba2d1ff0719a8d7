//! `cargo threadline timeline`

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::{PageToken, Timeline};

use crate::{
    args::TimelineArgs,
    database::Database,
    error::{Error, Result},
    json::json,
    output::Report,
    trail::{Entry, Style, entries, filtered, instant, refused_filter},
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
        let page = query.fetch(db).await.map_err(refused_filter)?;
        Ok::<_, Error>(Changes {
            from: args.filter.from,
            to: args.filter.to,
            entries: entries(page.entries, db).await.map_err(refused_filter)?,
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

fn query(args: &TimelineArgs) -> Timeline {
    let query = filtered(&args.filter).page_size(args.page.limit.into());
    match &args.page.after {
        Some(token) => query.after(token.clone()),
        None => query,
    }
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
