//! `cargo threadline transactions`

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::{
    PageToken, TransactionSummary, Transactions, transaction_summaries, transactions,
};

use crate::{
    args::TransactionsArgs,
    database::Database,
    error::{Error, Result},
    output::{self, Report},
    trail::{actor, go_on, instant, table},
};

/// A page of transactions. The bounds of time are in it because the next page needs the same ones.
#[derive(Serialize)]
struct Found {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    entries: Vec<TransactionSummary>,
    next: Option<PageToken>,
}

/// Lists the transactions.
///
/// # Errors
/// When a filter or the page token can't be used, or the database fails.
pub(crate) fn run(args: &TransactionsArgs) -> Result<Report> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Error::Filter {
            option: "--from".to_owned(),
            reason: "it is after `--to`".to_owned(),
        });
    }
    let database = Database::open(&args.connection)?;
    let query = query(args);
    let found = database.read(async |db| {
        let page = query.fetch(db).await?;
        let ids = page.entries.iter().map(|transaction| transaction.id);
        Ok::<_, Error>(Found {
            from: args.from,
            to: args.to,
            entries: transaction_summaries(ids).fetch(db).await?,
            next: page.next,
        })
    })?;
    Report::answer(args.output, &found, text)
}

fn query(args: &TransactionsArgs) -> Transactions {
    let mut query = transactions().page_size(args.limit.into());
    if let Some(actor) = &args.actor {
        query = query.actor(actor.clone());
    }
    if let Some(id) = &args.correlation {
        query = query.correlation_id(id);
    }
    if let Some(id) = &args.request {
        query = query.request_id(id);
    }
    if let Some(at) = args.from {
        query = query.since(at);
    }
    if let Some(at) = args.to {
        query = query.until(at);
    }
    match &args.after {
        Some(token) => query.after(token.clone()),
        None => query,
    }
}

fn text(found: &Found) -> String {
    let mut text = match (found.entries.is_empty(), &found.next) {
        (true, None) => "no transactions\n".to_owned(),
        (true, Some(_)) => "no transactions so far; older ones were not looked at yet\n".to_owned(),
        (false, _) => output::table(
            [
                "TRANSACTION",
                "BEGAN",
                "ACTOR",
                "CHANGES",
                "TABLES",
                "ACTIONS",
                "REQUEST",
                "CORRELATION",
            ],
            found.entries.iter().map(row),
        ),
    };
    if let Some(token) = &found.next {
        text += &format!("more: {}\n", go_on(found.from, found.to, token));
    }
    text
}

fn row(summary: &TransactionSummary) -> [String; 8] {
    let t = &summary.transaction;
    let or_more = if summary.changes.capped { "+" } else { "" };
    let tables = summary.tables.iter();
    let tables: Vec<_> = tables
        .map(|changes| table(&changes.table_schema, &changes.table_name))
        .collect();
    let mut actions: Vec<_> = summary.actions.iter().map(|a| a.name.as_str()).collect();
    if summary.more_actions {
        actions.push("…");
    }
    [
        t.id.to_string(),
        instant(t.occurred_at),
        actor(t.actor_type.as_deref(), t.actor_id.as_deref()),
        format!("{}{or_more}", summary.changes.value),
        or_dash(&tables.join(", ")),
        or_dash(&actions.join(", ")),
        or_dash(t.request_id.as_deref().unwrap_or_default()),
        or_dash(t.correlation_id.as_deref().unwrap_or_default()),
    ]
}

fn or_dash(text: &str) -> String {
    let text = if text.is_empty() { "-" } else { text };
    text.to_owned()
}
