//! The model of the page of a transaction. Pure.

use minijinja::{Value, context};
use serde::Serialize;
use threadline::{
    ActionStatus, AuditAction, AuditTransaction, Incident, IncidentChange, JsonText,
    TransactionSummary, json::to_text_of_version,
};

use crate::surface::{
    command::Command,
    links::Links,
    page::{Head, Page, Section},
    text::number,
    trail::{ActorName, Deadline, Room, ValueRoom, change_view, instant_view, split, table_view},
};

/// How many columns of a change are shown at once.
const FIELDS: usize = 60;
/// How many columns a page shows, those that are folded included.
const FIELDS_OF_PAGE: usize = 3_000;
/// How many characters of values a page holds; a value has its share of them.
const CHARACTERS_OF_PAGE: usize = 600_000;
/// How much of a value is shown at once.
const OPEN: usize = 400;
/// How much more of a value is shown when it is unfolded, at most.
const FOLDED: usize = 20_000;
/// How many actions a page shows.
const ACTIONS: usize = 100;

/// One transaction. Its JSON twin is the bundle alone, as the command `incident` prints it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TransactionPage {
    #[serde(flatten)]
    pub(crate) incident: Incident,
    /// How many changes of which tables.
    #[serde(skip)]
    pub(crate) summary: Option<TransactionSummary>,
    /// Whether the changes are the first of the transaction.
    #[serde(skip)]
    pub(crate) first: bool,
}

impl Page for TransactionPage {
    const TEMPLATE: &'static str = "transaction";

    fn head(&self) -> Head {
        let id = self.incident.transaction.id;
        Head {
            title: format!("Transaction {id}"),
            section: Section::Timeline,
            command: Some(Command::new("incident").argument(id)),
        }
    }

    fn json(&self) -> serde_json::Result<String> {
        to_text_of_version(&self.incident)
    }

    fn view(&self, links: &Links) -> Value {
        let incident = &self.incident;
        let id = incident.transaction.id;
        let changes = changes_view(&incident.changes, links);
        let next = incident
            .next
            .as_ref()
            .map(|token| links.to(&format!("/transactions/{id}"), &format!("after={token}")));
        let actor = actor_of(&incident.transaction);
        let count = self.summary.as_ref().map(|summary| summary.changes);
        let tables = self.summary.iter().flat_map(|summary| &summary.tables);
        context! {
            id,
            actions => actions_view(&incident.actions, &actor, links),
            action_count => incident.actions.len(),
            actions_has_more => incident.actions_has_more,
            more_actions => more_actions(incident),
            facts => facts(&incident.transaction, links),
            context_error => incident.transaction.context_error.as_deref(),
            began => instant_view(incident.transaction.occurred_at),
            actor => actor.as_ref().map(|actor| actor.view(links)),
            count => count.map(|count| count.value),
            capped => count.is_some_and(|count| count.capped),
            tables => tables.map(table_view).collect::<Vec<_>>(),
            changes,
            first => self.first,
            start => links.transaction(id),
            twin => links.to(&format!("/transactions/{id}.json"), ""),
            next,
        }
    }
}

fn actor_of(of: &AuditTransaction) -> Option<ActorName> {
    ActorName::of(of.actor_type.as_deref(), of.actor_id.as_deref())
}

/// What is known of the context, besides actor and time.
fn facts(of: &AuditTransaction, links: &Links) -> Vec<Value> {
    let with_link = |name: &str, value: &Option<String>, link: fn(&Links, &str) -> String| {
        let value = value.as_deref()?;
        Some(context! { name, value, link => link(links, value) })
    };
    let plain =
        |name: &str, value: Option<&str>| Some(context! { name, value => value?, link => () });
    [
        with_link("Request", &of.request_id, Links::request),
        with_link("Correlation", &of.correlation_id, Links::correlation),
        plain("Job", of.job_id.as_deref()),
        plain("Address", of.remote_ip.as_deref()),
        plain("Source", of.source.as_deref()),
        plain("Trace", of.traceparent.as_deref()),
        plain("More", of.meta.as_ref().map(JsonText::as_str)),
        plain("Transaction id of PostgreSQL", Some(&of.xid)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How many actions the page does not show, in words.
fn more_actions(incident: &Incident) -> Option<String> {
    let more = incident.actions.len().saturating_sub(ACTIONS);
    match (more, incident.actions_has_more) {
        (0, false) => None,
        (more, false) => Some(number(more as u64)),
        (more, true) => Some(format!("more than {}", number(more as u64))),
    }
}

/// The first actions, each with its share of what a page holds.
fn actions_view(actions: &[AuditAction], actor: &Option<ActorName>, links: &Links) -> Vec<Value> {
    let shown = actions.len().min(ACTIONS);
    let room = FOLDED.min(CHARACTERS_OF_PAGE / shown.max(1));
    let shown = actions[..shown].iter();
    shown
        .map(|action| action_view(action, actor, room, links))
        .collect()
}

fn action_view(
    action: &AuditAction,
    of_transaction: &Option<ActorName>,
    room: usize,
    links: &Links,
) -> Value {
    let actor = ActorName::of(Some(&action.actor_type), action.actor_id.as_deref());
    let other = actor.filter(|actor| Some(actor) != of_transaction.as_ref());
    let details = action.details.as_ref();
    let details = details.map(|details| split(details.as_str(), room));
    context! {
        name => action.name.as_str(),
        failed => action.status == ActionStatus::Error,
        at => instant_view(action.recorded_at),
        actor => other.map(|actor| actor.view(links)),
        verb => action.verb.as_deref(),
        category => action.category.as_deref(),
        reason => action.reason.as_deref(),
        comment => action.comment.as_deref(),
        details => details.map(|(shown, _)| shown),
        details_more => details.map(|(_, rest)| rest.chars().count()),
    }
}

/// The changes, each with its share of what a page holds.
fn changes_view(changes: &[IncidentChange], links: &Links) -> Vec<Value> {
    let fields: usize = changes.iter().map(|change| change.diff.fields.len()).sum();
    let share = CHARACTERS_OF_PAGE / fields.clamp(1, FIELDS_OF_PAGE) / 2;
    let value = ValueRoom {
        open: OPEN.min(share.max(40)),
        folded: FOLDED.min(share),
    };
    let deadline = Deadline::of_page();
    let mut left = FIELDS_OF_PAGE;
    changes
        .iter()
        .map(|IncidentChange { change, diff, .. }| {
            let open = FIELDS.min(left);
            let room = Room {
                fields: open,
                folded_fields: left - open,
                value,
            };
            left -= diff.fields.len().min(left);
            change_view(change, diff, room, deadline, links)
        })
        .collect()
}
