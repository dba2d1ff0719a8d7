//! `cargo threadline history`

use serde::Serialize;
use threadline::{PageToken, codegen::TableName};

use crate::{
    args::HistoryArgs,
    database::Database,
    error::{Error, Result},
    output::Report,
    trail::{Entry, Style, entries, find_record, go_on, known},
};

#[derive(Serialize)]
struct Changes<'a> {
    #[serde(flatten, serialize_with = "threadline::json::table")]
    table: &'a TableName,
    entries: Vec<Entry>,
    next: Option<PageToken>,
}

/// Lists the changes of one record.
///
/// # Errors
/// When the record or the page token can't be used, or the database fails.
pub(crate) fn run(args: &HistoryArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let (table, key) = (&args.record.table, &args.record.key);
    let changes = database.read(async |db| {
        let record = find_record(table, key, db).await?;
        let mut query = record.history().page_size(args.page.limit.into());
        if let Some(token) = &args.page.after {
            query = query.after(token.clone());
        }
        let page = query
            .fetch(db)
            .await
            .map_err(|err| known(table, key, err))?;
        Ok::<_, Error>(Changes {
            table,
            entries: entries(page.entries, db).await?,
            next: page.next,
        })
    })?;
    Report::answer(args.output, &changes, |changes| {
        text(changes, Style::of_stdout())
    })
}

fn text(changes: &Changes<'_>, style: Style) -> String {
    if changes.entries.is_empty() {
        return "no changes\n".to_owned();
    }
    let mut text: String = changes
        .entries
        .iter()
        .map(|entry| entry.text(style))
        .collect();
    if let Some(token) = &changes.next {
        text += &format!("more: {}\n", go_on(None, None, token));
    }
    text
}
