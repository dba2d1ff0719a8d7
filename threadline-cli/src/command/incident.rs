//! `cargo threadline incident`

use threadline::{AuditAction, AuditTransaction, Incident, PAGE_BYTES, incident};

use crate::{
    args::IncidentArgs,
    database::Database,
    error::{Error, Result},
    output::{self, Report, visible},
    trail::{Style, actor, change, go_on, instant},
};

/// Shows the transaction.
///
/// # Errors
/// When there is none with this id, or the database fails.
pub(crate) fn run(args: &IncidentArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let mut query = incident(args.id).limit(args.limit.into());
    if let Some(token) = &args.after {
        query = query.after(token.clone());
    }
    let found = database.read(async |db| query.fetch_within(PAGE_BYTES, db).await)?;
    let bundle = found.ok_or(Error::NoTransaction(args.id))?;
    Report::answer_of_version(args.output, &bundle, |bundle| {
        text(bundle, args.limit.into(), Style::of_stdout())
    })
}

fn text(bundle: &Incident, limit: u64, style: Style) -> String {
    let mut text = output::columns(context(&bundle.transaction));
    for action in &bundle.actions {
        text += &line(action);
    }
    if bundle.actions_has_more {
        let shown = bundle.actions.len();
        text += &format!("more: the first {shown} actions are shown\n");
    }
    for entry in &bundle.changes {
        text += &change(&entry.change, &entry.diff, None, style);
    }
    if bundle.changes.is_empty() {
        text += "no changes\n";
    }
    if let Some(token) = &bundle.next {
        let shown = bundle.changes.len();
        // Where large values ended it, a larger limit shows no more.
        let or = if shown as u64 == limit {
            ", or a larger --limit"
        } else {
            ""
        };
        text += &format!("more: {}{or}\n", go_on(None, None, token));
    }
    text
}

/// What is known of the context, one thing a line.
fn context(transaction: &AuditTransaction) -> Vec<[String; 2]> {
    let t = transaction;
    let meta = t.meta.as_ref().map(|meta| meta.as_str());
    let who = actor(t.actor_type.as_deref(), t.actor_id.as_deref());
    let optional = [
        ("request id", t.request_id.as_deref()),
        ("correlation id", t.correlation_id.as_deref()),
        ("job id", t.job_id.as_deref()),
        ("remote address", t.remote_ip.as_deref()),
        ("source", t.source.as_deref()),
        ("traceparent", t.traceparent.as_deref()),
        ("meta", meta),
        ("context error", t.context_error.as_deref()),
    ];
    let always = [
        ["transaction".to_owned(), t.id.to_string()],
        ["began".to_owned(), instant(t.occurred_at)],
        ["actor".to_owned(), who],
    ];
    let optional = optional.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some([name.to_owned(), value.to_owned()])
    });
    always.into_iter().chain(optional).collect()
}

fn line(action: &AuditAction) -> String {
    let who = actor(Some(&action.actor_type), action.actor_id.as_deref());
    let status = match action.status {
        threadline::ActionStatus::Ok => "ok",
        threadline::ActionStatus::Error => "error",
    };
    let mut line = format!(
        "{}  action {} ({status}) by {}",
        instant(action.recorded_at),
        visible(&action.name),
        visible(&who)
    );
    let details = action.details.as_ref().map(|details| details.as_str());
    for (name, value) in [
        ("reason", action.reason.as_deref()),
        ("comment", action.comment.as_deref()),
        ("details", details),
    ] {
        if let Some(value) = value {
            line += &format!("\n    {name}  {}", visible(value));
        }
    }
    line + "\n"
}
