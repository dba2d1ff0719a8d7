//! `cargo threadline timeline`

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::PageToken;

use crate::{
    args::TimelineArgs,
    database::Database,
    error::{Error, Result},
    output::Report,
    trail::{Entry, Style, entries, filtered, go_on, refused},
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
    let refused = refused(&args.filter);
    let changes = database.read(async |db| {
        let mut query = filtered(&args.filter, db)
            .await?
            .page_size(args.page.limit.into());
        if let Some(token) = &args.page.after {
            query = query.after(token.clone());
        }
        let page = query.fetch(db).await.map_err(&refused)?;
        Ok::<_, Error>(Changes {
            from: args.filter.from,
            to: args.filter.to,
            entries: entries(page.entries, db).await.map_err(&refused)?,
            next: page.next,
        })
    })?;
    Report::answer(args.output, &changes, |changes| {
        text(changes, Style::of_stdout())
    })
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
    text + &format!("more: {}\n", go_on(changes.from, changes.to, token))
}
